echo "$nonce"
put() { printf '%s %s\n' "$1" "$2"; }
(
  . /etc/os-release
  put os "$PRETTY_NAME"
) 2>/dev/null
put kernel "$(uname -sr)"
put machine "$(uname -m)"
put hostname "$(uname -n)"
put cores "$(getconf _NPROCESSORS_ONLN 2>/dev/null)"
while read -r name amount _; do
  case $name in MemTotal:) put memory "$amount" ;; MemAvailable:) put available "$amount" ;; esac
done </proc/meminfo
read -r up _ </proc/uptime && put uptime "${up%.*}"
read -r load _ </proc/loadavg && put load "$load"
for tool in python3 perl pwsh setsid sudo; do
  command -v "$tool" >/dev/null 2>&1 && put tool "$tool"
done
exit 0
