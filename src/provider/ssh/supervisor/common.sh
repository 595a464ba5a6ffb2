# What all parts share. POSIX sh without job control; of the host's programs only mkdir, cat, dd, find,
# grep, rm and sleep are asked. The client sets before it: id, nonce, hour, and what a part names.
mask=$(umask)
umask 077
# The end of the link must not end who watches over the command.
trap '' PIPE HUP

# Otherwise a signal does not end the wait for a line.
[ -z "${BASH_VERSION-}" ] || set -o posix

# Writes text as it is. It must be part of the shell: arguments of programs are seen by everybody.
put() { printf '%s' "$1"; }
case ${KSH_VERSION-} in *MIRBSD*) put() { print -nr -- "$1"; } ;; esac

# Says a line to the client.
say() {
  put "$nonce $*
"
}

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

# Ends process $1 if it is a child of process $2 still: some shells forget a child as soon as it has ended, and
# its number may belong to anybody then.
end_child() { look "$1" && [ "$parent" = "$2" ] && kill "$1" 2>/dev/null; }

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

read_boot() {
  boot=-
  { read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
}

# Reads the record of the command: who watches over it, who minds its time, how it ended, and whether it
# was called off before it was claimed.
read_log() {
  watch='' sid='' sid_start='' code='' minder='' watch_start='' watch_boot='' never=''
  { while read -r word a b c d; do
    case $word in
      watch) watch=$a watch_start=$b watch_boot=$c sid=$d sid_start=$b ;;
      minder) minder="$minder $a $b" ;;
      sid) sid=$a sid_start=$b ;;
      end) code=$a ;;
      never) never=yes ;;
    esac
  done <"$log"; } 2>/dev/null
}

# Tells whether who watches over the command is still there.
is_watched() {
  read_boot
  [ "$boot" = "$watch_boot" ] && look "$watch" && [ "$start" = "$watch_start" ] && [ "$state" != Z ]
}

# Tells whether the number of the command's session is its own: it can be given to somebody else, who has
# begun at another time, once nobody is left in the session.
has_session() { [ -z "$sid_start" ] || ! look "$sid" || [ "$start" = "$sid_start" ]; }

# Adds to pids what is in the session of the command.
add_session() {
  has_session || return 0
  for entry in /proc/[0-9]*; do
    pid=${entry#/proc/}
    # Who is about to make the session is not in it yet.
    if look "$pid" && { [ "$session" = "$sid" ] || { [ "$pid" = "$sid" ] && [ "$parent" = "$watch" ]; }; }; then keep; fi
  done
}

# Adds to pids what carries the mark of the command, also after it left the session. Some greps read no
# further than the first zero byte; then each is read by itself, which takes longer.
add_marked() {
  mark="OOS_INVOCATION=$id"
  if printf 'a\000b\n' | grep -qF b 2>/dev/null; then
    for entry in $(grep -lsF "$mark" /proc/[0-9]*/environ 2>/dev/null); do
      pid=${entry#/proc/}
      pid=${pid%/environ}
      if look "$pid"; then keep; fi
    done
  else
    for entry in /proc/[0-9]*; do
      pid=${entry#/proc/}
      [ -r "$entry/environ" ] || continue
      case $(cat "$entry/environ" 2>/dev/null) in *"$mark"*) if look "$pid"; then keep; fi ;; esac
    done
  fi
}

# Sets pids to what is there: looks everywhere.
find_all() {
  pids=''
  add_session
  add_marked
}

# Sets pids to what is there of what was seen, and what is new in the session. A number may belong to
# somebody else by now, who began at another time.
find_known() {
  pids=''
  for known in $seen; do
    pid=${known%:*}
    if look "$pid" && [ "$start" = "${known#*:}" ]; then keep; fi
  done
  add_session
}

# Adds pid to pids, unless it is dead, one of us, or there already.
keep() {
  case $state in Z | X) return ;; esac
  case " $spared $minder " in *" $pid "*) return ;; esac
  case " $me $minder " in *" $parent "*) return ;; esac
  case " $pids " in *" $pid:$start "*) return ;; esac
  pids="$pids $pid:$start"
  case " $seen " in *" $pid:$start "*) return ;; esac
  seen="$seen $pid:$start"
  count=$((count + 1))
  [ "$count" -gt 20 ] || names="$names
name $pid $name"
}

# Sends signal $1 to who is in pids. A number may belong to somebody else since it was found.
signal() {
  for known in $pids; do
    pid=${known%:*}
    if look "$pid" && [ "$start" = "${known#*:}" ]; then kill -"$1" "$pid" 2>/dev/null; fi
  done
}

pause() { sleep "$1" >/dev/null 2>&1 || sleep 1; }

# Ends what there is of the command: politely for $1 tenths of a second, then at once, for at most $2
# rounds. What breeds is stopped before it is killed: all of $group at once, if that is set; the one who
# watches over the command may be in it and goes on afterwards. Sets report.
end_all() {
  count=0 seen='' names='' left='' round=0
  read -r me _ </proc/self/stat
  has_session || group=''
  find_all
  signal TERM
  signal CONT
  while [ -n "$pids" ] && [ "$round" -lt "$1" ]; do
    pause 0.1
    round=$((round + 1))
    find_known
  done
  round=0
  [ -z "$group" ] || kill -STOP "-$group" 2>/dev/null
  find_all
  while [ -n "$pids" ] && [ "$round" -lt "$2" ]; do
    stopped=0 turn=0
    while [ "$stopped" != "$count" ] && [ "$turn" -lt 50 ]; do
      stopped=$count
      turn=$((turn + 1))
      signal STOP
      add_session
    done
    signal KILL
    pause 0.05
    round=$((round + 1))
    find_known
    [ -n "$pids" ] || find_all
  done
  [ -z "$group" ] || kill -CONT "-$group" 2>/dev/null
  for known in $pids; do
    pid=${known%:*}
    if look "$pid"; then
      count=$((count - 1))
      left="$left
left $pid $name"
    fi
  done
  report="count $count$names$left"
}

# Takes the right to say why the command is ended: the first reason stands.
give_reason() {
  set -C
  { put "why $1
" >"$why"; } 2>/dev/null
  taken=$?
  set +C
  return $taken
}

# Writes down what came of ending it.
give_report() {
  put "$report
told
" >>"$why"
}

# Tells the end on both streams: nothing of the command follows. Who ends a command says what came of it
# before anybody is told of the end.
tell_end() {
  say end "$code"
  if [ -e "$why" ]; then
    round=0
    while ! is_told && [ "$round" -lt 100 ]; do
      pause 0.1
      round=$((round + 1))
    done
    cat "$why"
  fi
  say done
  say done >&2
}

is_told() {
  while read -r word; do
    [ "$word" != told ] || return 0
  done <"$why"
  return 1
}

# Forgets what the command was and said. That it was there stays known for a while: a start that comes
# late must not find the place empty. Emptying takes no program; removing does, and `sweep` does it at
# once for many.
forget() {
  put '' >"$run"
  put '' >"$out"
  put '' >"$err"
}

# Removes what is old, at the first contact of an hour: what was taken over after an hour, the rest
# after a week.
sweep() {
  swept=''
  { read -r swept <"$base/swept"; } 2>/dev/null
  [ "$swept" != "$hour" ] && cd "$base" || return 0
  put "$hour
" >swept
  set --
  for old in $(find . -name '*.run' \( -size 0 -mmin +60 -o -mtime +7 \) 2>/dev/null); do
    old=${old%.run}
    set -- "$@" "$old.run" "$old.log" "$old.out" "$old.err" "$old.why" "$old.ps1"
  done
  [ $# -eq 0 ] || rm -f "$@"
}
