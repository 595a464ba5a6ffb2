# What is done beside a command that is not over soon: its output is sent as it comes, and its time is minded.

# The client has asked, by $word, for what is said meanwhile, or the link has ended.
stay() {
  timer='' streamer=''
  read -r mind _ </proc/self/stat
  trap leave TERM
  begun=yes
  keep_time </dev/null >/dev/null 2>&1 &
  timer=$! begun=''
  put "minder $timer
" >>"$log"
  if [ "$word" = stream ]; then
    begun=yes
    stream </dev/null &
    streamer=$! begun=''
    put "minder $timer $streamer
" >>"$log"
    while read -r word; do :; done
    end_child "$streamer" "$mind"
    wait "$streamer"
    streamer=''
  fi
  wait
}

# Lets what was begun be finished: a piece of output, or the end of the command.
leave() {
  trap '' TERM
  # A signal may come between a beginning and its note.
  [ -z "$begun" ] || timer="$timer $!"
  # Who has just begun may not have heard it: some shells lose what is said to a child before it sets its trap.
  # Naps are children of this shell, by which who ends the command knows them.
  short=0.01
  while tell_helpers; do
    pause "$short"
    short=0.1
  done
  exit
}

# Ends those that are still there, if any.
tell_helpers() {
  told=1
  for pid in $timer $streamer; do
    if end_child "$pid" "$mind"; then told=0; fi
  done
  return $told
}

# Lets a helper end at once, with its nap: one that is left over would be taken for a part of the command.
end_with_nap() {
  read -r self _ </proc/self/stat
  trap '[ -z "$!" ] || end_child "$!" "$self"; exit' TERM
}

nap() {
  sleep "$1" >/dev/null 2>&1 &
  wait "$!"
}

# Sends output as it comes. What one `cat` reads to its end the next one reads on: they share where they
# are, also with the one that sends the rest. A look takes no program; naps are longer while nothing comes.
stream() {
  turn=0 quiet=0 seen='0 0' short=0.1 long=0.5
  end_with_nap
  sleep 0.01 2>/dev/null || short=1 long=1
  while :; do
    turn=$((turn + 1))
    quiet=$((quiet + 1))
    if is_more; then
      cat <&5 && cat <&6 >&2 || exit
      quiet=0
    fi
    length=$long
    [ "$turn" -gt 50 ] || [ "$quiet" -gt 2 ] || length=$short
    nap "$length"
  done
}

# Tells whether the command may have written since the last time. Who opens its outputs once more is only seen by
# reading them.
is_more() {
  where 7
  written=$at
  where 8
  [ -n "$at" ] && [ "$seen" = "$written $at" ] && [ $((turn % 4)) != 0 ] && return 1
  seen="$written $at"
}

# Ends the command when its time is up, its output has grown too much, or nobody waits for its end.
keep_time() {
  turn=0
  end_with_nap
  while :; do
    kill -0 $$ 2>/dev/null || because unwatched
    read -r now _ </proc/uptime
    [ "${now%.*}" -lt "$until" ] || because timeout
    ! is_much || because limit
    turn=$((turn + 1))
    nap 1
  done
}

# Tells whether an output has grown too much.
is_much() {
  for output in 7 8; do
    where $output
    [ "${at:-0}" -le "$most" ] || return 0
  done
  [ $((turn % 10)) = 9 ] && [ -n "$(find "$out" "$err" -size "+${most}c" 2>/dev/null)" ]
}

because() {
  trap '' TERM
  read_log
  [ -z "$code" ] && give_reason "$1" || exit
  spared=$$ group=''
  case $sid in - | $$) ;; *) group=$sid ;; esac
  end_all 20 400
  give_report
  [ "$1" = unwatched ] && look "$me" && [ "$parent" = "$mind" ] && kill "$mind"
  exit
}
