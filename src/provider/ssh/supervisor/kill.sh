# Ends a command from outside and says what came of it. The client sets grace, in tenths of a second.
# Nothing was started. A start that is still on its way must find the id taken.
call_off() {
  if ! find_place; then
    # A start would find no place either.
    say none
    return 1
  fi
  if claim; then
    put "never
" >"$log"
  elif ! find_claim; then
    say refused "cannot write to $base"
    return 1
  fi
}

oos_kill() {
  if ! find_claim; then
    call_off || return
  fi
  read_log
  if [ -n "$never" ]; then
    say none
    return
  fi
  if [ -n "$code" ]; then
    say ended
    return
  fi
  taken=1
  if give_reason kill; then
    taken=0
    # It may be about to begin: it looks at the reason once it has said in which session.
    round=0
    while [ -z "${sid#-}$code" ] && [ "$round" -lt 50 ]; do
      pause 0.1
      round=$((round + 1))
      read_log
    done
  fi
  spared="$$ $watch"
  group=''
  [ -z "${sid#-}" ] || group=$sid
  if [ "$taken" = 0 ]; then
    end_all "$grace" 400
    give_report
  else
    end_all "$grace" 400
  fi
  say report
  put "$report
"
  say done
}
