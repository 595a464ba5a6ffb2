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
  spared="$$ $watch"
  group=''
  [ "$sid" = - ] || group=$sid
  if give_reason kill; then
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
