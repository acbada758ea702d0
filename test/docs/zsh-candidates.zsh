# Prints what zsh offers when Tab is pressed behind a text. Completion needs a terminal, so that a second zsh runs on one.
# The list of all completion functions is kept in $HOME/.zcompdump for the next call.
# usage: zsh -f zsh-candidates.zsh FOLDER-OF-COMPLETIONS SCRATCH-FILE TEXT
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= RPS1=; unsetopt prompt_sp
fpath=('${(q)1}' $fpath); autoload -Uz compinit; [[ -e $HOME/.zcompdump ]] && compinit -C || compinit -u
# each set of candidates passes through compadd; -O, -A and -D only ask it
compadd() {
  if (( ! ${@[(I)-[OAD]]} )); then
    local -a hits; builtin compadd -A hits "$@"; (( $#hits )) && print -rl -- $hits >> '${(q)2}'
  fi
  builtin compadd "$@"
}
list() { zle complete-word; print -- "--end--" >> '${(q)2}' }
zle -C complete-word complete-word _main_complete
zle -N list; bindkey "^I" list; print REA""DY'
while zpty -r shell line && [[ $line != *READY* ]]; do done
zpty -w -n shell $3$'\t'
for i in {1..200}; do
  [[ -e $2 && "$(tail -n 1 -- $2)" == --end-- ]] && { zpty -d shell; sed '$d' -- $2; exit 0 }
  sleep 0.05
done
print -u2 "no candidates came for: $3"
exit 1
