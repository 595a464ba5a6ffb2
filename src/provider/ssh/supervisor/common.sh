# What all parts share. POSIX sh without job control; of the host's programs only mkdir, cat, dd, find,
# grep, rm and sleep are asked. The client sets before it: id, nonce, hour, and what a part names.

# The kernel says what the shell would need a process for.
word=''
{ read -r _ && read -r word mask; } 2>/dev/null </proc/self/status
[ "$word" = Umask: ] || mask=$(umask)
umask 077
# The end of the link must not end who watches over the command.
trap '' PIPE HUP

# Otherwise a signal does not end the wait for a line.
[ -z "${BASH_VERSION-}" ] || set -o posix
rest='' rest_error=''

# Writes text as it is. It must be part of the shell: arguments of programs are seen by everybody.
put() { printf '%s' "$1"; }
case ${KSH_VERSION-} in *MIRBSD*) put() { print -nr -- "$1"; } ;; esac

# Says a line to the client.
say() {
  put "$nonce $*
"
}

# Makes known what is seldom needed, so that a short command does not wait until a shell has read it.
later=''
recall() { eval "$later"; }

# Looks at process $1: sets state, parent, session, start and name. A name may hold any character.
look() {
  line=''
  { while read -r part || [ -n "$part" ]; do line="$line $part"; done <"/proc/$1/stat"; } 2>/dev/null
  [ -n "$line" ] || return 1
  name=${line#*\(}
  name=${name%\)*}
  set -- ${line##*\) }
  state=$1
  parent=$2
  session=$4
  shift 19
  start=$1
}

# Looks at process $1 if it is a shell of ours, whose name has no blanks: sets state, parent, session and start, in
# a third of the time.
glance() {
  { read -r _ _ state parent _ session _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _ <"/proc/$1/stat"; } 2>/dev/null
}

# Ends process $1, a shell of ours, if it is a child of process $2 still: some shells forget a child as soon as it
# has ended, and its number may belong to anybody then.
end_child() { glance "$1" && [ "$parent" = "$2" ] && [ "$state" != Z ] && kill "$1" 2>/dev/null; }

home=${HOME:-/nonexistent}/.local/state/oos
spare=/var/tmp/oos-${LOGNAME:-${USER:-$(id -u)}}

# Tells whether folder $1 is ours: nobody else may have made it, nor may it lead elsewhere.
is_ours() { [ -d "$1" ] && [ -O "$1" ] && [ ! -h "$1" ]; }

name_files() {
  run=$base/$id.run
  log=$base/$id.log
  out=$base/$id.out
  err=$base/$id.err
  why=$base/$id.why
}

# Finds where the command was claimed.
find_claim() {
  for base in "$home" "$spare"; do
    if is_ours "$base" && [ -e "$base/$id.run" ]; then
      name_files
      return 0
    fi
  done
  return 1
}

# Finds a place for the files: the user's own folder, else a private one that survives a restart.
find_place() {
  for base in "$home" "$spare"; do
    [ -d "$base" ] || mkdir -p "$base" 2>/dev/null
    if is_ours "$base" && [ -w "$base" ]; then
      name_files
      return 0
    fi
  done
  return 1
}

# Takes the id. Making a file that must not be there is the lock; only one can.
claim() {
  set -C
  { put '' >"$run"; } 2>/dev/null
  taken=$?
  set +C
  return $taken
}

pause() { sleep "$1" >/dev/null 2>&1 || sleep 1; }

read_boot() {
  boot=-
  { read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
}

# Tells the end on both streams, after $rest and $rest_error: nothing of the command follows.
tell_end() {
  rest="$rest$nonce end $code
"
  if [ -e "$why" ]; then
    put "$rest"
    rest=''
    recall
    await_report
    cat "$why"
  fi
  put "$rest$nonce done
"
  put "$rest_error$nonce done
" >&2
}

# Forgets what the command was and said. That it was there stays known for a while: a start that comes
# late must not find the place empty. Emptying takes no program; removing does, and `sweep` does it at
# once for many.
forget() {
  put '' >"$run"
  put '' >"$out"
  put '' >"$err"
}

# Removes what is old, at the first contact of an hour.
sweep() {
  swept=''
  { read -r swept <"$base/swept"; } 2>/dev/null
  [ "$swept" = "$hour" ] || ! cd "$base" || {
    recall
    sweep_now
  }
}
