# Ends a command from outside and says what came of it. The client sets grace, in tenths of a second.
oos_kill() {
  find_claim || {
    say none
    return
  }
  read_log
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
