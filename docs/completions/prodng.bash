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
      'audit' | \
      'audit propose' | \
      'audit export' | \
      'policy' | \
      'policy ls' | \
      'policy check' | \
      'policy diff' | \
      'policy test' | \
      'diff' | \
      'verify' | \
      'sign' | \
      'strip-signature' | \
      'key' | \
      'key new' | \
      'key list' | \
      'key export' | \
      'key import' | \
      'key renew' | \
      'key rotate' | \
      'key revoke' | \
      'publish' | \
      'publish promote' | \
      'publish refresh' | \
      'publish snapshot' | \
      'publish prune' | \
      'publish html' | \
      'export' | \
      'image' | \
      'image new' | \
      'image lock' | \
      'image build' | \
      'image sign' | \
      'image strip-signature' | \
      'image verify' | \
      'image diff' | \
      'image disk' | \
      'image boot' | \
      'host' | \
      'host status' | \
      'host update' | \
      'host commit' | \
      'host rollback' | \
      'host reboot' | \
      'agent' | \
      'install' | \
      'ls' | \
      'inspect' | \
      'status' | \
      'wait' | \
      'start' | \
      'stop' | \
      'restart' | \
      'enable' | \
      'disable' | \
      'kill' | \
      'freeze' | \
      'thaw' | \
      'exec' | \
      'ps' | \
      'stats' | \
      'top' | \
      'logs' | \
      'events' | \
      'fsck' | \
      'scan' | \
      'osquery-extension' | \
      'evidence' | \
      'evidence take' | \
      'evidence verify' | \
      'evidence timeline' | \
      'evidence show' | \
      'upgrade' | \
      'rollback' | \
      'hold' | \
      'unhold' | \
      'set' | \
      'credential' | \
      'credential set' | \
      'credential ls' | \
      'credential rm' | \
      'configuration' | \
      'configuration set' | \
      'configuration ls' | \
      'configuration rm' | \
      'rm' | \
      'doctor')
        command+="${command:+ }$word" ;;
    esac
  done
  case $command in
    '')
      case $prev in
        --host) of=nothing ;;
        --cert) of=files ;;
        --key) of=files ;;
        --ca) of=files ;;
        *) values='new templates lock build vendor lint run audit policy diff verify sign strip-signature key publish export image host agent install ls inspect status wait start stop restart enable disable kill freeze thaw exec ps stats top logs events fsck scan osquery-extension evidence upgrade rollback hold unhold set credential configuration rm doctor' options='-V --version --host --cert --key --ca --help' ;;
      esac ;;
    'new')
      case $prev in
        --set) of=nothing ;;
        --name) of=nothing ;;
        --template-dir) of=files ;;
        --sources) of=files ;;
        --format) values='text json' ;;
        *) of=templates options='--set --name --template-dir --sources --format --json --help' ;;
      esac ;;
    'templates')
      case $prev in
        --template-dir) of=files ;;
        --format) values='text json' ;;
        *) of=nothing options='--template-dir --format --json --help' ;;
      esac ;;
    'lock')
      case $prev in
        --sources) of=files ;;
        --format) values='text json' ;;
        *) of=files options='--update --accept-release-info --sources --format --json --help' ;;
      esac ;;
    'build')
      case $prev in
        -o | --output) of=files ;;
        --from-vendor) of=files ;;
        --sources) of=files ;;
        --timeout) of=nothing ;;
        --scratch) of=nothing ;;
        --memory) of=nothing ;;
        --cpu) of=nothing ;;
        --pids) of=nothing ;;
        --key) of=nothing ;;
        --gpg) of=nothing ;;
        --passphrase-fd) of=nothing ;;
        --format) values='text json' ;;
        *) of=files options='-o --output --locked --no-locked --plain --from-vendor --sources --shell-on-failure --timeout --scratch --memory --cpu --pids --sign --key --gpg --passphrase-fd --format --json --help' ;;
      esac ;;
    'vendor')
      case $prev in
        -o | --output) of=files ;;
        --sources) of=files ;;
        --format) values='text json' ;;
        *) of=files options='-o --output --plain --sources --format --json --help' ;;
      esac ;;
    'lint')
      case $prev in
        --format) values='text json sarif markdown junit' ;;
        --fail-on) values='error warning info pedantic never' ;;
        --policy) of=files ;;
        --profile) of=files ;;
        --overrides) of=files ;;
        --explain) of=nothing ;;
        *) of=files options='--format --json --fail-on -v --verbose --policy --profile --overrides --outdated --score --fix --explain --list-tags --help' ;;
      esac ;;
    'run')
      case $prev in
        --publish) of=nothing ;;
        --setting) of=nothing ;;
        --credential) of=nothing ;;
        --configuration) of=files ;;
        --uplink) of=nothing ;;
        --address) of=nothing ;;
        --gateway) of=nothing ;;
        --name) of=nothing ;;
        --policy) of=files ;;
        --record) of=files ;;
        --runtime) of=files ;;
        *) of=files options='--publish --setting --credential --configuration -i --interactive -t --tty --shell --print-spec --uplink --address --gateway --name --policy --record --runtime --verbose --help' ;;
      esac ;;
    'audit')
      case $prev in
        --format) values='text json sarif html' ;;
        --fail-on) values='error warning info pedantic never' ;;
        *) values='propose export' options='-a --all --format --json --fail-on --help' ;;
      esac ;;
    'audit propose')
      case $prev in
        --source) of=files ;;
        *) of=files options='--source --write --help' ;;
      esac ;;
    'audit export')
      case $prev in
        -o | --output) of=files ;;
        *) of=jails options='-o --output --help' ;;
      esac ;;
    'policy')
      case $prev in
        *) values='ls check diff test' options='--help' ;;
      esac ;;
    'policy ls')
      case $prev in
        --format) values='text json name' ;;
        *) of=nothing options='--format --json --help' ;;
      esac ;;
    'policy check')
      case $prev in
        --format) values='text json' ;;
        *) of=files options='--format --json --help' ;;
      esac ;;
    'policy diff')
      case $prev in
        --format) values='text json' ;;
        *) of=files options='--format --json --help' ;;
      esac ;;
    'policy test')
      case $prev in
        --format) values='text json' ;;
        *) of=files options='--format --json --help' ;;
      esac ;;
    'diff')
      case $prev in
        --format) values='text json html' ;;
        -o | --output) of=files ;;
        *) of=files options='--format --json -o --output --help' ;;
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
        --format) values='text json' ;;
        *) of=files options='--policy --keyring --require --sources --rebuild --source --vary --diffoscope --timeout --offline --format --json --help' ;;
      esac ;;
    'sign')
      case $prev in
        --key) of=nothing ;;
        --gpg) of=nothing ;;
        --type) of=nothing ;;
        -o | --output) of=files ;;
        --passphrase-fd) of=nothing ;;
        --format) values='text json' ;;
        *) of=files options='--key --gpg --detached --type -o --output --passphrase-fd --format --json --help' ;;
      esac ;;
    'strip-signature')
      case $prev in
        -o | --output) of=files ;;
        --format) values='text json' ;;
        *) of=files options='-o --output --format --json --help' ;;
      esac ;;
    'key')
      case $prev in
        *) values='new list export import renew rotate revoke' options='--help' ;;
      esac ;;
    'key new')
      case $prev in
        --expires) of=nothing ;;
        --passphrase-fd) of=nothing ;;
        --format) values='text json' ;;
        *) of=files options='--expires --no-passphrase --passphrase-fd --format --json --help' ;;
      esac ;;
    'key list')
      case $prev in
        --format) values='text json' ;;
        *) of=nothing options='--format --json --help' ;;
      esac ;;
    'key export')
      case $prev in
        -o | --output) of=files ;;
        *) of=files options='--binary --pem --secret -o --output --help' ;;
      esac ;;
    'key import')
      case $prev in
        --format) values='text json' ;;
        *) of=files options='--format --json --help' ;;
      esac ;;
    'key renew')
      case $prev in
        --expires) of=nothing ;;
        --passphrase-fd) of=nothing ;;
        --format) values='text json' ;;
        *) of=files options='--expires --passphrase-fd --format --json --help' ;;
      esac ;;
    'key rotate')
      case $prev in
        --expires) of=nothing ;;
        --passphrase-fd) of=nothing ;;
        --format) values='text json' ;;
        *) of=files options='--expires --passphrase-fd --format --json --help' ;;
      esac ;;
    'key revoke')
      case $prev in
        --reason) values='superseded retired compromised' ;;
        --text) of=nothing ;;
        --passphrase-fd) of=nothing ;;
        --format) values='text json' ;;
        *) of=files options='--reason --text --passphrase-fd --format --json --help' ;;
      esac ;;
    'publish')
      case $prev in
        --suite) of=nothing ;;
        --origin) of=nothing ;;
        --valid-for) of=nothing ;;
        --signature-policy) of=files ;;
        --lint-policy) of=files ;;
        --lint-fail-on) values='error warning info pedantic never' ;;
        --key) of=nothing ;;
        --gpg) of=nothing ;;
        --keyring) of=files ;;
        --wait) of=nothing ;;
        --passphrase-fd) of=nothing ;;
        --format) values='text json' ;;
        *) values='promote refresh snapshot prune html' options='--suite --create --origin --valid-for --plain --signature-policy --lint-policy --lint-fail-on --key --gpg --keyring --wait --passphrase-fd --format --json --help' ;;
      esac ;;
    'publish promote')
      case $prev in
        --valid-for) of=nothing ;;
        --key) of=nothing ;;
        --gpg) of=nothing ;;
        --keyring) of=files ;;
        --wait) of=nothing ;;
        --passphrase-fd) of=nothing ;;
        --format) values='text json' ;;
        *) of=files options='--create --valid-for --key --gpg --keyring --wait --passphrase-fd --format --json --help' ;;
      esac ;;
    'publish refresh')
      case $prev in
        --suite) of=nothing ;;
        --valid-for) of=nothing ;;
        --key) of=nothing ;;
        --gpg) of=nothing ;;
        --keyring) of=files ;;
        --wait) of=nothing ;;
        --passphrase-fd) of=nothing ;;
        --format) values='text json' ;;
        *) of=files options='--suite --valid-for --key --gpg --keyring --wait --passphrase-fd --format --json --help' ;;
      esac ;;
    'publish snapshot')
      case $prev in
        --key) of=nothing ;;
        --gpg) of=nothing ;;
        --keyring) of=files ;;
        --wait) of=nothing ;;
        --passphrase-fd) of=nothing ;;
        --format) values='text json' ;;
        *) of=files options='--key --gpg --keyring --wait --passphrase-fd --format --json --help' ;;
      esac ;;
    'publish prune')
      case $prev in
        --keep) of=nothing ;;
        --snapshots) of=nothing ;;
        --grace) of=nothing ;;
        --key) of=nothing ;;
        --gpg) of=nothing ;;
        --keyring) of=files ;;
        --wait) of=nothing ;;
        --passphrase-fd) of=nothing ;;
        --format) values='text json' ;;
        *) of=files options='--keep --snapshots --grace --key --gpg --keyring --wait --passphrase-fd --format --json --help' ;;
      esac ;;
    'publish html')
      case $prev in
        --format) values='text json' ;;
        *) of=files options='--format --json --help' ;;
      esac ;;
    'export')
      case $prev in
        --format) values='oci docker-archive kubernetes compose quadlet' ;;
        --accept-loss) of=nothing ;;
        -o | --output) of=files ;;
        --registry) of=nothing ;;
        *) of=files options='--format --accept-loss -o --output --registry --json --help' ;;
      esac ;;
    'image')
      case $prev in
        *) values='new lock build sign strip-signature verify diff disk boot' options='--help' ;;
      esac ;;
    'image new')
      case $prev in
        *) of=files options='--help' ;;
      esac ;;
    'image lock')
      case $prev in
        --sources) of=files ;;
        --format) values='text json' ;;
        *) of=files options='--update --accept-release-info --sources --format --json --help' ;;
      esac ;;
    'image build')
      case $prev in
        -o | --output) of=files ;;
        --sources) of=files ;;
        --format) values='text json' ;;
        *) of=files options='-o --output --sources --format --json --help' ;;
      esac ;;
    'image sign')
      case $prev in
        --key) of=nothing ;;
        --gpg) of=nothing ;;
        --secure-boot-key) of=files ;;
        --secure-boot-certificate) of=files ;;
        -o | --output) of=files ;;
        --passphrase-fd) of=nothing ;;
        --format) values='text json' ;;
        *) of=files options='--key --gpg --secure-boot-key --secure-boot-certificate -o --output --passphrase-fd --format --json --help' ;;
      esac ;;
    'image strip-signature')
      case $prev in
        -o | --output) of=files ;;
        --format) values='text json' ;;
        *) of=files options='-o --output --format --json --help' ;;
      esac ;;
    'image verify')
      case $prev in
        --keyring) of=files ;;
        --rebuild) of=files ;;
        --sources) of=files ;;
        --format) values='text json' ;;
        *) of=files options='--keyring --rebuild --sources --format --json --help' ;;
      esac ;;
    'image diff')
      case $prev in
        --format) values='text json html' ;;
        -o | --output) of=files ;;
        *) of=files options='--format --json -o --output --help' ;;
      esac ;;
    'image disk')
      case $prev in
        --data) of=nothing ;;
        --format) values='text json' ;;
        *) of=files options='--data --format --json --help' ;;
      esac ;;
    'image boot')
      case $prev in
        --cpus) of=nothing ;;
        --memory) of=nothing ;;
        --port) of=nothing ;;
        --forward) of=nothing ;;
        --credential) of=nothing ;;
        --variables) of=files ;;
        --append) of=nothing ;;
        --timeout) of=nothing ;;
        *) of=files options='--uefi --secure-boot --kvm --cpus --memory --port --forward --credential --variables --keep --append --timeout --help' ;;
      esac ;;
    'host')
      case $prev in
        *) values='status update commit rollback reboot' options='--help' ;;
      esac ;;
    'host status')
      case $prev in
        --format) values='text json' ;;
        *) of=nothing options='--format --json --help' ;;
      esac ;;
    'host update')
      case $prev in
        --format) values='text json' ;;
        *) of=files options='--format --json --again --help' ;;
      esac ;;
    'host commit')
      case $prev in
        --format) values='text json' ;;
        *) of=nothing options='--format --json --help' ;;
      esac ;;
    'host rollback')
      case $prev in
        --format) values='text json' ;;
        *) of=nothing options='--format --json --help' ;;
      esac ;;
    'host reboot')
      case $prev in
        --format) values='text json' ;;
        *) of=nothing options='--format --json --help' ;;
      esac ;;
    'agent')
      case $prev in
        *) of=nothing options='--help' ;;
      esac ;;
    'install')
      case $prev in
        --name) of=nothing ;;
        --sha256) of=nothing ;;
        --format) values='text json name' ;;
        *) of=files options='--name --sha256 --no-start --format --json --help' ;;
      esac ;;
    'ls')
      case $prev in
        --format) values='text json name' ;;
        *) of=nothing options='--format --json --help' ;;
      esac ;;
    'inspect')
      case $prev in
        --format) values='json' ;;
        *) of=jails options='--format --json --help' ;;
      esac ;;
    'status')
      case $prev in
        -n | --lines) of=nothing ;;
        --format) values='text json' ;;
        *) of=jails options='-n --lines --format --json --help' ;;
      esac ;;
    'wait')
      case $prev in
        --for) values='running healthy stopped' ;;
        --timeout) of=nothing ;;
        --format) values='text json name' ;;
        *) of=jails options='--for --timeout --format --json --help' ;;
      esac ;;
    'start')
      case $prev in
        --timeout) of=nothing ;;
        --format) values='text json name' ;;
        *) of=jails options='--all --wait --timeout --format --json --help' ;;
      esac ;;
    'stop')
      case $prev in
        -t | --time) of=nothing ;;
        --format) values='text json name' ;;
        *) of=jails options='--all -t --time --format --json --help' ;;
      esac ;;
    'restart')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--all --format --json --help' ;;
      esac ;;
    'enable')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--all --format --json --help' ;;
      esac ;;
    'disable')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--all --format --json --help' ;;
      esac ;;
    'kill')
      case $prev in
        -s | --signal) of=nothing ;;
        --format) values='text json name' ;;
        *) of=jails options='-s --signal --format --json --help' ;;
      esac ;;
    'freeze')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--all --format --json --help' ;;
      esac ;;
    'thaw')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--all --format --json --help' ;;
      esac ;;
    'exec')
      case $prev in
        *) of=jails options='-i --interactive -t --tty --help' ;;
      esac ;;
    'ps')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='-a --all --observed --format --json --help' ;;
      esac ;;
    'stats')
      case $prev in
        --format) values='text json name' ;;
        *) of=nothing options='--observed --format --json --help' ;;
      esac ;;
    'top')
      case $prev in
        -s | --sort) values='cpu memory io network wait' ;;
        -d | --delay) of=nothing ;;
        -n | --count) of=nothing ;;
        --format) values='text json' ;;
        *) of=jails options='-p --processes --observed -s --sort -d --delay -n --count --format --json --help' ;;
      esac ;;
    'logs')
      case $prev in
        -n | --lines) of=nothing ;;
        --since) of=nothing ;;
        --until) of=nothing ;;
        --grep) of=nothing ;;
        --format) values='text json' ;;
        *) of=jails options='-f --follow -n --lines --since --until --grep --time --utc --format --json --help' ;;
      esac ;;
    'events')
      case $prev in
        -n | --lines) of=nothing ;;
        --known) of=nothing ;;
        --file) of=files ;;
        --checkpoints) of=files ;;
        --keyring) of=files ;;
        --format) values='text json ecs' ;;
        *) of=nothing options='-f --follow -n --lines --verify --known --file --checkpoint --checkpoints --keyring --format --json --help' ;;
      esac ;;
    'fsck')
      case $prev in
        --deb) of=files ;;
        --format) values='text json' ;;
        *) of=jails options='--deb --format --json --help' ;;
      esac ;;
    'scan')
      case $prev in
        --rules) of=files ;;
        --format) values='text json sarif' ;;
        *) of=files options='--all --rules --memory --format --json --help' ;;
      esac ;;
    'osquery-extension')
      case $prev in
        --socket) of=files ;;
        --timeout) of=nothing ;;
        --interval) of=nothing ;;
        *) of=nothing options='--socket --timeout --interval --verbose --help' ;;
      esac ;;
    'evidence')
      case $prev in
        *) values='take verify timeline show' options='--help' ;;
      esac ;;
    'evidence take')
      case $prev in
        -o | --output) of=files ;;
        --reason) of=nothing ;;
        --yara) of=files ;;
        --max-bytes) of=nothing ;;
        --max-frozen) of=nothing ;;
        --format) values='text json' ;;
        *) of=jails options='-o --output --memory --secrets --reason --yara --max-bytes --max-frozen --format --json --help' ;;
      esac ;;
    'evidence verify')
      case $prev in
        --keyring) of=files ;;
        --events) of=files ;;
        --format) values='text json' ;;
        *) of=files options='--keyring --events --format --json --help' ;;
      esac ;;
    'evidence timeline')
      case $prev in
        --keyring) of=files ;;
        --format) values='text json body' ;;
        *) of=files options='--keyring --format --json --help' ;;
      esac ;;
    'evidence show')
      case $prev in
        --keyring) of=files ;;
        --format) values='text html' ;;
        *) of=files options='--keyring --format --help' ;;
      esac ;;
    'upgrade')
      case $prev in
        --sha256) of=nothing ;;
        --wait) of=nothing ;;
        --format) values='text json name' ;;
        *) of=jails options='--sha256 --accept --wait --format --json --help' ;;
      esac ;;
    'rollback')
      case $prev in
        --to) of=nothing ;;
        --wait) of=nothing ;;
        --format) values='text json name' ;;
        *) of=jails options='--to --wait --format --json --help' ;;
      esac ;;
    'hold')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--all --format --json --help' ;;
      esac ;;
    'unhold')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--all --format --json --help' ;;
      esac ;;
    'set')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--format --json --help' ;;
      esac ;;
    'credential')
      case $prev in
        *) values='set ls rm' options='--help' ;;
      esac ;;
    'credential set')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--format --json --help' ;;
      esac ;;
    'credential ls')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--format --json --help' ;;
      esac ;;
    'credential rm')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--format --json --help' ;;
      esac ;;
    'configuration')
      case $prev in
        *) values='set ls rm' options='--help' ;;
      esac ;;
    'configuration set')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--format --json --help' ;;
      esac ;;
    'configuration ls')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--format --json --help' ;;
      esac ;;
    'configuration rm')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--format --json --help' ;;
      esac ;;
    'rm')
      case $prev in
        --format) values='text json name' ;;
        *) of=jails options='--purge --format --json --help' ;;
      esac ;;
    'doctor')
      case $prev in
        --format) values='text json' ;;
        *) of=nothing options='--format --json --help' ;;
      esac ;;
  esac
  if [[ $cur == -* && -n $options ]]; then
    values=$options of=''
  fi
  case $of in
    jails) values=$(prodng ls --format name 2>/dev/null) ;;
    templates) values=$(ls /usr/share/prodng/templates 2>/dev/null) ;;
    files)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
} &&
  complete -F _prodng prodng
