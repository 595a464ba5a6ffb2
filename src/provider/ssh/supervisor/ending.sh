# What is seldom needed: ending a command, which is to find what belongs to it and to see that it goes, and
# sweeping.

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

# Tells whether a line of file $2 begins with word $1.
has_line() {
  while read -r word _; do
    [ "$word" != "$1" ] || return 0
  done <"$2"
  return 1
}

# Adds pid to pids, unless it is dead, one of us, or there already.
keep() {
  case $state in Z | X) return ;; esac
  case " $spared $minder " in *" $pid "*) return ;; esac
  case " $me $minder " in *" $parent "*) return ;; esac
  # From then on who watches over it has no children but helpers, which send what it said.
  if [ "$parent" = "$watch" ] && has_line end "$log"; then return; fi
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

# Waits until who ends the command has said what came of it.
await_report() {
  round=0
  while ! has_line told "$why" && [ "$round" -lt 100 ]; do
    pause 0.1
    round=$((round + 1))
  done
}

# Removes what was taken over after an hour, the rest after a week. There may be many: hosts may share a home.
sweep_now() {
  put "$hour
" >swept
  find . -name '*.run' \( -size 0 -mmin +60 -o -mtime +7 \) 2>/dev/null | {
    set --
    while read -r old; do
      old=${old%.run}
      set -- "$@" "$old.run" "$old.log" "$old.out" "$old.err" "$old.why" "$old.ps1"
      [ $# -lt 300 ] || {
        rm -f "$@"
        set --
      }
    done
    [ $# -eq 0 ] || rm -f "$@"
  }
}
