# Made by `npm run docs` from src/cli/. Do not edit.
# shellcheck shell=bash

_prodng() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' options='' values='' of='' word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case "${command:+$command }$word" in
      'new' | \
      'templates' | \
      'lock' | \
      'build' | \
      'vendor' | \
      'lint' | \
      'run' | \
      'diff' | \
      'verify' | \
      'sign' | \
      'strip-signature' | \
      'key' | \
      'agent' | \
      'install' | \
      'ls' | \
      'inspect' | \
      'start' | \
      'stop' | \
      'restart' | \
      'kill' | \
      'freeze' | \
      'thaw' | \
      'exec' | \
      'ps' | \
      'stats' | \
      'top' | \
      'logs' | \
      'events' | \
      'upgrade' | \
      'rollback' | \
      'set' | \
      'rm' | \
      'doctor' | \
      'key new' | \
      'key list' | \
      'key export' | \
      'key import')
        command+="${command:+ }$word" ;;
    esac
  done
  case $command in
    '')
      case $prev in
        *) values='new templates lock build vendor lint run diff verify sign strip-signature key agent install ls inspect start stop restart kill freeze thaw exec ps stats top logs events upgrade rollback set rm doctor' options='-V --version --help' ;;
      esac ;;
    'new')
      case $prev in
        --set) of=nothing ;;
        --name) of=nothing ;;
        --template-dir) of=files ;;
        --sources) of=files ;;
        *) of=templates options='--set --name --template-dir --sources --json --help' ;;
      esac ;;
    'templates')
      case $prev in
        --template-dir) of=files ;;
        *) of=nothing options='--template-dir --json --help' ;;
      esac ;;
    'lock')
      case $prev in
        --sources) of=files ;;
        *) of=files options='--update --sources --json --help' ;;
      esac ;;
    'build')
      case $prev in
        -o | --output) of=files ;;
        --from-vendor) of=files ;;
        --sources) of=files ;;
        --timeout) of=nothing ;;
        --scratch) of=nothing ;;
        --key) of=nothing ;;
        --gpg) of=nothing ;;
        --passphrase-fd) of=nothing ;;
        *) of=files options='-o --output --locked --no-locked --plain --from-vendor --sources --shell-on-failure --timeout --scratch --sign --key --gpg --passphrase-fd --json --help' ;;
      esac ;;
    'vendor')
      case $prev in
        -o | --output) of=files ;;
        --sources) of=files ;;
        *) of=files options='-o --output --plain --sources --json --help' ;;
      esac ;;
    'lint')
      case $prev in
        --format) values='text json sarif markdown junit' ;;
        --fail-on) values='error warning info pedantic never' ;;
        --policy) of=files ;;
        --overrides) of=files ;;
        --explain) of=nothing ;;
        *) of=files options='--format --json --fail-on -v --verbose --policy --overrides --outdated --score --fix --explain --list-tags --help' ;;
      esac ;;
    'run')
      case $prev in
        --publish) of=nothing ;;
        --uplink) of=nothing ;;
        --address) of=nothing ;;
        --gateway) of=nothing ;;
        --name) of=nothing ;;
        --runtime) of=files ;;
        *) of=files options='--publish --shell --print-spec --uplink --address --gateway --name --runtime --verbose --help' ;;
      esac ;;
    'diff')
      case $prev in
        -o | --output) of=files ;;
        *) of=files options='--json --html -o --output --help' ;;
      esac ;;
    'verify')
      case $prev in
        --policy) of=files ;;
        --keyring) of=files ;;
        --require) of=nothing ;;
        --sources) of=files ;;
        --source) of=files ;;
        --vary) of=nothing ;;
        --timeout) of=nothing ;;
        *) of=files options='--policy --keyring --require --sources --rebuild --source --vary --diffoscope --timeout --offline --json --help' ;;
      esac ;;
    'sign')
      case $prev in
        --key) of=nothing ;;
        --gpg) of=nothing ;;
        --type) of=nothing ;;
        -o | --output) of=files ;;
        --passphrase-fd) of=nothing ;;
        *) of=files options='--key --gpg --detached --type -o --output --passphrase-fd --json --help' ;;
      esac ;;
    'strip-signature')
      case $prev in
        -o | --output) of=files ;;
        *) of=files options='-o --output --json --help' ;;
      esac ;;
    'key')
      case $prev in
        *) values='new list export import' options='--help' ;;
      esac ;;
    'agent')
      case $prev in
        *) of=nothing options='--help' ;;
      esac ;;
    'install')
      case $prev in
        --name) of=nothing ;;
        --sha256) of=nothing ;;
        -o | --output) values='json table name' ;;
        *) of=files options='--name --sha256 --no-start -o --output --help' ;;
      esac ;;
    'ls')
      case $prev in
        -o | --output) values='json table name' ;;
        *) of=nothing options='-o --output --help' ;;
      esac ;;
    'inspect')
      case $prev in
        *) of=jails options='--help' ;;
      esac ;;
    'start')
      case $prev in
        -o | --output) values='json table name' ;;
        *) of=jails options='-o --output --help' ;;
      esac ;;
    'stop')
      case $prev in
        -o | --output) values='json table name' ;;
        *) of=jails options='-o --output --help' ;;
      esac ;;
    'restart')
      case $prev in
        -o | --output) values='json table name' ;;
        *) of=jails options='-o --output --help' ;;
      esac ;;
    'kill')
      case $prev in
        -s | --signal) of=nothing ;;
        -o | --output) values='json table name' ;;
        *) of=jails options='-s --signal -o --output --help' ;;
      esac ;;
    'freeze')
      case $prev in
        -o | --output) values='json table name' ;;
        *) of=jails options='-o --output --help' ;;
      esac ;;
    'thaw')
      case $prev in
        -o | --output) values='json table name' ;;
        *) of=jails options='-o --output --help' ;;
      esac ;;
    'exec')
      case $prev in
        *) of=jails options='-t --tty --help' ;;
      esac ;;
    'ps')
      case $prev in
        -o | --output) values='json table name' ;;
        *) of=jails options='-o --output --help' ;;
      esac ;;
    'stats')
      case $prev in
        -o | --output) values='json table name' ;;
        *) of=nothing options='-o --output --help' ;;
      esac ;;
    'top')
      case $prev in
        -s | --sort) values='cpu memory io network wait' ;;
        -d | --delay) of=nothing ;;
        -n | --count) of=nothing ;;
        -o | --output) values='table json' ;;
        *) of=jails options='-p --processes -s --sort -d --delay -n --count -o --output --help' ;;
      esac ;;
    'logs')
      case $prev in
        -n | --lines) of=nothing ;;
        *) of=jails options='-f --follow -n --lines --time --help' ;;
      esac ;;
    'events')
      case $prev in
        -n | --lines) of=nothing ;;
        --known) of=nothing ;;
        --file) of=files ;;
        *) of=nothing options='-f --follow -n --lines --verify --known --file --json --help' ;;
      esac ;;
    'upgrade')
      case $prev in
        --sha256) of=nothing ;;
        --wait) of=nothing ;;
        -o | --output) values='json table name' ;;
        *) of=jails options='--sha256 --accept --wait -o --output --help' ;;
      esac ;;
    'rollback')
      case $prev in
        --wait) of=nothing ;;
        -o | --output) values='json table name' ;;
        *) of=jails options='--wait -o --output --help' ;;
      esac ;;
    'set')
      case $prev in
        -o | --output) values='json table name' ;;
        *) of=jails options='-o --output --help' ;;
      esac ;;
    'rm')
      case $prev in
        -o | --output) values='json table name' ;;
        *) of=jails options='--purge -o --output --help' ;;
      esac ;;
    'doctor')
      case $prev in
        *) of=nothing options='--json --help' ;;
      esac ;;
    'key new')
      case $prev in
        --expires) of=nothing ;;
        --passphrase-fd) of=nothing ;;
        *) of=files options='--expires --no-passphrase --passphrase-fd --json --help' ;;
      esac ;;
    'key list')
      case $prev in
        *) of=nothing options='--json --help' ;;
      esac ;;
    'key export')
      case $prev in
        -o | --output) of=files ;;
        *) of=files options='--binary --pem --secret -o --output --help' ;;
      esac ;;
    'key import')
      case $prev in
        *) of=files options='--json --help' ;;
      esac ;;
  esac
  if [[ $cur == -* && -n $options ]]; then
    values=$options of=''
  fi
  case $of in
    jails) values=$(prodng ls -o name 2>/dev/null) ;;
    templates) values=$(ls /usr/share/prodng/templates 2>/dev/null) ;;
    files)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
} &&
  complete -F _prodng prodng
