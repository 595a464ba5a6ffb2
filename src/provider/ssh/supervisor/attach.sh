# Goes on with a command that was started before: sends its output from where the client left off and
# tells its end. The client sets from and from_error.

# Sends until the end. What one `cat` reads to its end the next one reads on: they share where they are.
follow() {
  exec 5<"$out" 6<"$err"
  dd bs=1 skip="$from" count=0 <&5 2>/dev/null
  dd bs=1 skip="$from_error" count=0 <&6 2>/dev/null
  turn=0
  while :; do
    read_log
    [ -n "$code" ] || is_watched || miss
    cat <&5 || exit
    cat <&6 >&2 || exit
    [ -z "$code" ] || break
    if [ "$turn" -lt 50 ]; then pause 0.1; else pause 0.5; fi
    turn=$((turn + 1))
  done
  tell_end
}

# Tells whether who watches over the command is still there.
is_watched() {
  read_boot
  [ "$boot" = "$watch_boot" ] && look "$watch" && [ "$start" = "$watch_start" ] && [ "$state" != Z ]
}

# Nobody watches over the command. It may be about to begin, or have ended between two looks; else nobody
# knows its end, and what is left of it on a host that was not restarted is ended.
miss() {
  round=0
  while [ -z "$watch" ] && [ "$round" -lt 50 ]; do
    pause 0.1
    round=$((round + 1))
    read_log
  done
  is_watched && return
  read_log
  [ -z "$code" ] || return
  code=lost
  [ "$boot" = "$watch_boot" ] && [ "$sid" != - ] && give_reason unwatched || return
  spared='' group=$sid
  for pid in $minder; do
    if look "$pid" && [ "$session" = "$sid" ]; then kill -KILL "$pid"; fi
  done
  end_all 20 400
  if [ "$count" -gt 0 ] || [ -n "$left" ]; then give_report; else rm -f "$why"; fi
}

oos_attach() {
  find_claim || {
    say none
    return
  }
  read_log
  if [ -n "$never" ]; then
    say never
    return
  fi
  for file in "$log" "$out" "$err"; do
    [ -e "$file" ] || put '' >>"$file"
  done
  say started
  say started >&2
  exec 3<&0
  follow </dev/null 3<&- &
  follower=$!
  word=''
  read -r word <&3
  if [ "$word" = taken ]; then
    forget
    sweep
  else
    end_child "$follower" $$
  fi
}
