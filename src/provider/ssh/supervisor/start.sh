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

# Says why nothing is started, if so.
is_refused() {
  if ! glance $$ || ! { read -r now _ </proc/uptime; } 2>/dev/null; then
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

# Stays beside the command. It does nothing until the client says a word, which it does of all that is not over
# soon, or the link ends.
mind() {
  word='' begun=''
  read -r word
  recall
  stay
}

# Ends who stays beside the command, when what it has begun is finished. Once it was asked it waits for lines, and
# shells lose a signal that comes as they begin to.
dismiss() {
  short=0.02
  while end_child "$minder" $$ && is_asked; do
    pause "$short"
    short=0.1
  done
  wait "$minder" 2>/dev/null
}

is_asked() {
  count=0
  while read -r word _; do
    [ "$word" != minder ] || count=$((count + 1))
  done <"$log"
  [ "$count" -gt 1 ]
}

# Reads into $rest what there is of output $3, or sends it: for a short text a program costs more than all else.
# Where it cannot be sent whole nothing is said of the end: who attaches then gets it.
# Descriptor $1 reads the file, which may have been streamed; $2 has written it.
take_rest() {
  rest='' line=''
  [ -s "$3" ] || return 0
  where "$1"
  from=$at
  where "$2"
  if [ "$from" != 0 ] || [ "${at:-0}" = 0 ] || [ "$at" -gt 1000 ]; then
    cat <&"$1" || exit
    return
  fi
  # What others have written is not seen by the descriptor: no more lines are read than it has bytes.
  lines=$at
  while [ "$lines" -gt 0 ] && IFS= read -r line <&"$1"; do
    rest="$rest$line
" line='' lines=$((lines - 1))
  done
  rest=$rest$line
  where "$1"
  if [ "${#rest}" != "$at" ]; then
    # Reading loses bytes of zero.
    rest=''
    cat "$3" || exit
  elif [ "$lines" = 0 ]; then
    put "$rest"
    rest=''
    cat <&"$1" || exit
  fi
}

# Tells how far descriptor $1 has come in its file.
where() {
  at='' key=''
  { read -r key at </proc/self/fdinfo/"$1"; } 2>/dev/null
  [ "$key" = pos: ] || at=''
}

oos_start() {
  if is_refused; then return; fi
  until=$((${now%.*} + limit))
  exec 3<&0 7>>"$out" 8>>"$err" 5<"$out" 6<"$err"
  say started
  say started >&2
  mind <&3 3<&- &
  minder=$!
  put "minder $minder
" >>"$log"
  {
    (
      trap - PIPE HUP
      exec </dev/null >&7 2>&8 3<&- 5<&- 6<&- 7>&- 8>&-
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
  # Of lengths, only bytes are known on both sides.
  LC_ALL=C
  take_rest 6 8 "$err" >&2
  rest_error=$rest
  take_rest 5 7 "$out"
  tell_end
  # It may have asked for more just before it heard of the end.
  while read -r word <&3; do
    [ "$word" != taken ] || {
      forget
      break
    }
  done
  sweep
}
