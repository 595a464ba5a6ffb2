"""HOSTS PORT CONCURRENCY KEY HOSTKEY USER: runs `echo ok` on every host of a file."""

import asyncio
import sys

import asyncssh

hosts, port, concurrency, key, host_key, user = sys.argv[1:]
options = {
    "username": user,
    "client_keys": [asyncssh.read_private_key(key)],
    "known_hosts": ([asyncssh.read_public_key(host_key)], [], []),
    "agent_path": None,
    "config": None,
    "kex_algs": ["curve25519-sha256"],
}


async def one(turns, host):
    async with turns, asyncssh.connect(host, int(port), **options) as connection:
        result = await connection.run("echo ok")
        print(host, result.exit_status, result.stdout.strip(), sep="\t")


async def main():
    turns = asyncio.Semaphore(int(concurrency))
    names = open(hosts).read().split()
    await asyncio.gather(*(one(turns, host) for host in names), return_exceptions=True)


asyncio.run(main())
