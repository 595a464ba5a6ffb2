"""HOSTS PORT CONCURRENCY KEY HOSTKEY USER: runs `echo ok` on every host of a file."""

import sys

from pssh.clients import ParallelSSHClient

hosts, port, concurrency, key, _, user = sys.argv[1:]
client = ParallelSSHClient(
    open(hosts).read().split(),
    user=user,
    port=int(port),
    pkey=key,
    pool_size=int(concurrency),
    allow_agent=False,
    identity_auth=False,
    timeout=60,
)
for answer in client.run_command("echo ok", stop_on_errors=False):
    if answer.exception is None:
        print(answer.host, answer.exit_code, "\n".join(answer.stdout), sep="\t")
client.join()
