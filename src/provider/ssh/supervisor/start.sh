# Starts a command, once, and stays with it. The client sets age (seconds since it asked for the first
# time), script, limit (seconds), most (bytes of each output), and defines run_it.

# Finds out how a command can be given a session, which it needs if others live in this one.
find_detach() {
  detach=''
  [ "$session" = $$ ] && return 0
  for detach in setsid perl python3; do
    command -v "$detach" >/dev/null 2>&1 && return 0
  done
  return 1
}

launch() {
  case $detach in
    '') exec "$@" ;;
    setsid) exec setsid "$@" ;;
    perl) exec perl -MPOSIX -e 'POSIX::setsid(); exec { $ARGV[0] } @ARGV or exit 127' "$@" ;;
    python3) exec python3 -c 'import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])' "$@" ;;
  esac
}

# Stays beside the command. It does nothing until the client asks for what is said meanwhile, which it
# does of all that is not over soon, or the link ends; from then on it minds the time.
mind() {
  timer='' streamer='' word='' begun=''
  read -r mind _ </proc/self/stat
  read -r word
  trap leave TERM
  begun=yes
  keep_time </dev/null >/dev/null 2>&1 &
  timer=$! begun=''
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
  [ -z "$begun" ] || end_child "$!" "$mind"
  for pid in $timer $streamer; do end_child "$pid" "$mind"; done
  wait
  exit
}

# Sends output as it comes. What one `cat` reads to its end the next one reads on: they share where they
# are, also with the one that sends the rest.
stream() {
  nap='' turn=0 short=0.1 long=0.5
  read -r streams _ </proc/self/stat
  trap '[ -z "$nap" ] || end_child "$nap" "$streams"; exit' TERM
  sleep 0.01 2>/dev/null || short=1 long=1
  while cat <&5 && cat <&6 >&2; do
    turn=$((turn + 1))
    [ "$turn" -lt 50 ] || short=$long
    sleep "$short" >/dev/null 2>&1 &
    nap=$!
    wait "$nap"
    nap=''
  done
}

# Ends the command when its time is up, its output has grown too much, or nobody waits for its end.
keep_time() {
  while :; do
    kill -0 $$ 2>/dev/null || because unwatched
    read -r now _ </proc/uptime
    [ "${now%.*}" -lt "$until" ] || because timeout
    [ -z "$(find "$out" "$err" -size "+${most}c" 2>/dev/null)" ] || because limit
    sleep 1
  done
}

because() {
  trap '' TERM
  give_reason "$1" || exit
  read_log
  spared=$$ group=''
  [ "$sid" = $$ ] || group=$sid
  end_all 20 400
  give_report
  [ "$1" = unwatched ] && look "$me" && [ "$parent" = "$mind" ] && kill "$mind"
  exit
}

# Says why nothing is started, if so.
is_refused() {
  if ! look $$ || ! { read -r now _ </proc/uptime; } 2>/dev/null; then
    say unsupported "it has no /proc"
  elif find_claim; then
    say exists
  elif [ "$age" -gt 500000 ] || { [ "$age" -gt 0 ] && [ "${now%.*}" -le "$age" ]; }; then
    # It may have been started and the claim be gone: swept, or lost with the power.
    say unsure
  elif ! find_place; then
    say unsupported "neither $home nor $spare can be written"
  elif ! find_detach; then
    say unsupported "it has none of setsid, perl and python3"
  elif ! claim; then
    if [ -e "$run" ]; then say exists; else say refused "cannot write to $base"; fi
  elif ! put "$script" 2>/dev/null >"$run" || ! write_log; then
    say refused "cannot write to $base"
  else
    return 1
  fi
  # It is refused also when the client has gone and does not hear of it.
  return 0
}

write_log() {
  read_boot
  sid=-
  [ -n "$detach" ] || sid=$$
  { put "watch $$ $start $boot $sid
" >"$log"; } 2>/dev/null
}

# Ends who stays beside the command, when what it has begun is finished. bash may sleep through a signal
# that comes as it begins to wait for a line: there it is told again.
dismiss() {
  end_child "$minder" $$
  again=''
  if [ -n "${BASH_VERSION-}" ] && grep -q 'minder .* ' "$log"; then
    while sleep 0.3 && kill "$minder"; do :; done >/dev/null 2>&1 &
    again=$!
  fi
  wait "$minder" 2>/dev/null
  [ -z "$again" ] || kill "$again" 2>/dev/null
}

oos_start() {
  if is_refused; then return; fi
  until=$((${now%.*} + limit))
  put '' >"$out"
  put '' >"$err"
  exec 3<&0 5<"$out" 6<"$err"
  say started
  say started >&2
  mind <&3 3<&- &
  minder=$!
  put "minder $minder
" >>"$log"
  {
    (
      trap - PIPE HUP
      exec </dev/null >>"$out" 2>>"$err" 3<&- 5<&- 6<&-
      if [ -n "$detach" ]; then
        read -r me _ </proc/self/stat
        look "$me"
        put "sid $me $start
" >>"$log"
      fi
      # Who ends it may have looked before there was anything to be seen.
      [ ! -e "$why" ] || exit 143
      umask "$mask"
      export OOS_INVOCATION="$id"
      run_it
    )
    code=$?
  } 2>/dev/null
  put "end $code
" >>"$log"
  dismiss
  [ ! -s "$out" ] || cat <&5
  [ ! -s "$err" ] || cat <&6 >&2
  tell_end
  word=''
  read -r word <&3
  [ "$word" != taken ] || forget
  sweep
}
