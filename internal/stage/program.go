package stage

// prologue defines what every stage uses. The marker is moved into its place, so
// that a machine that loses power has all of it or none. goldenami_start,
// goldenami_record and goldenami_finish come with recorder or its absence.
const prologue = `umask 022
goldenami_say() { printf 'goldenami: %s\n' "$*" >&2; }
mkdir -p "$goldenami_dir" || { goldenami_say "cannot make $goldenami_dir: run this as root"; exit 1; }
goldenami_tmp=$(mktemp -d "${TMPDIR:-/tmp}/goldenami.XXXXXXXX") || { goldenami_say 'cannot make a temporary folder'; exit 1; }
trap 'rm -rf "$goldenami_tmp"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
goldenami_script=$goldenami_tmp/stage
goldenami_files=$goldenami_tmp/files
goldenami_due() {
	goldenami_start
	[ -r "$goldenami_dir/$1" ] || return 0
	IFS= read -r goldenami_was <"$goldenami_dir/$1" || :
	[ "$goldenami_was" != "$2" ] && return 0
	goldenami_say "stage $1: done before"
	goldenami_record "$1" "$2" kept 0
	return 1
}
goldenami_end() {
	rm -rf "$goldenami_script" "$goldenami_files"
	[ "$3" -eq 0 ] || { goldenami_say "stage $1: failed with exit code $3"; goldenami_fail "$1" "$2" "$3"; }
	printf '%s\n' "$2" >"$goldenami_tmp/marker" &&
		cp "$goldenami_tmp/marker" "$goldenami_dir/.$1.new" &&
		mv -f "$goldenami_dir/.$1.new" "$goldenami_dir/$1" ||
		{ goldenami_say "stage $1: cannot write its marker"; goldenami_fail "$1" "$2" 1; }
	goldenami_say "stage $1: done"
	goldenami_record "$1" "$2" ran 0
}
goldenami_fail() {
	goldenami_record "$1" "$2" failed "$3"
	goldenami_finish failed "$3"
	exit "$3"
}
`

// noRecorder is for a program that bakes: what it does, the build's own output
// tells, and an image holds no status of a boot that it did not have.
const noRecorder = `goldenami_start() { :; }
goldenami_record() { :; }
goldenami_finish() { :; }
`

// recorder writes StatusFile after each stage, as a whole. A machine that cannot
// write it still is complete, so that ends nothing. Times are hundredths of a second
// of a clock that nobody sets: at first boot that of the date often is set.
const recorder = `goldenami_clock() {
	goldenami_up=
	[ ! -r /proc/uptime ] || read -r goldenami_up goldenami_now </proc/uptime
	case $goldenami_up in
	*[!0-9.]* | *.*.* | .*) ;;
	*.??)
		goldenami_now=$((${goldenami_up%.*} * 100 + 1${goldenami_up#*.} - 100))
		return
		;;
	esac
	goldenami_now=$(($(date +%s) * 100))
}
goldenami_since() {
	goldenami_clock
	goldenami_now=$((goldenami_now - $1))
	[ "$goldenami_now" -ge 0 ] || goldenami_now=0
	printf '%d.%02d' $((goldenami_now / 100)) $((goldenami_now % 100))
}
goldenami_start() {
	goldenami_clock
	goldenami_at=$goldenami_now
}
goldenami_record() {
	goldenami_stages="$goldenami_stages${goldenami_stages:+,}{\"name\":\"$1\",\"hash\":\"$2\",\"result\":\"$3\",\"exit_code\":$4,\"seconds\":$(goldenami_since "$goldenami_at")}"
	goldenami_finish running 0
}
goldenami_finish() {
	printf '{"schema":1,"state":"%s","exit_code":%s,"started":%s,"seconds":%s,"stages":[%s]}\n' \
		"$1" "$2" "$goldenami_began" "$(goldenami_since "$goldenami_first")" "$goldenami_stages" >"$goldenami_tmp/status" &&
		cp "$goldenami_tmp/status" "${goldenami_dir%/*}/.status.json.new" &&
		mv -f "${goldenami_dir%/*}/.status.json.new" "${goldenami_dir%/*}/status.json" ||
		goldenami_say 'cannot write status.json'
}
goldenami_began=$(date +%s)
goldenami_start
goldenami_first=$goldenami_at
goldenami_stages=
goldenami_finish running 0
`

// fetcher asks for a secret with the role of the instance. The AWS CLI does not
// ask the instance in which Region it is; cloud-init knows.
const fetcher = `goldenami_fetch() {
	command -v aws >/dev/null 2>&1 || { goldenami_say "secret $2: the AWS CLI is not installed: have an earlier stage install it, so that aws is in $PATH"; return 1; }
	[ -n "${AWS_REGION:-}${AWS_DEFAULT_REGION:-}" ] || {
		AWS_DEFAULT_REGION=$(cloud-init query region 2>/dev/null) && export AWS_DEFAULT_REGION || unset AWS_DEFAULT_REGION
	}
	export AWS_PAGER=
	case $1 in
	ssm) aws ssm get-parameter --with-decryption --name "$2" --query Parameter.Value --output text </dev/null ;;
	*) goldenami_value=$(aws secretsmanager get-secret-value --secret-id "$2" --query SecretString --output text </dev/null) &&
		{ [ "$goldenami_value" != None ] || { goldenami_say "secret $2: it holds bytes and no text"; return 1; }; } &&
		printf '%s\n' "$goldenami_value" ;;
	esac && return
	goldenami_say "secret $2: the AWS CLI could not get it, and says why above: the role of the instance needs $3"
	return 1
}
`

// environmentDefaults make a stage see the same surroundings under sudo, as
// the communicator starts it, and under cloud-init, which sets no HOME.
const environmentDefaults = `cd / || exit 1
export HOME=/root
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
`
