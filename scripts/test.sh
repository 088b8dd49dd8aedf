#!/bin/sh
# Runs the tests against a real Kafka and a real Redis, and installs first whatever that needs:
# ./scripts/test.sh [arguments of `bun test`]
# KAFKA_BROKERS and REDIS_URL, where they are set, name servers to use instead.
set -eu
cd "$(dirname "$0")/.."

has() {
  command -v "$1" >/dev/null
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Kafka 4 needs Java 17 or newer. Without the flag a JVM leaves a folder in /tmp.
has_java() {
  has java && [ "$(java -XX:-UsePerfData -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')" -ge 17 ]
}

missing=
has openssl || missing="$missing openssl"
if [ -z "${REDIS_URL:-}" ]; then
  has redis-server || missing="$missing redis-server"
fi
if [ -z "${KAFKA_BROKERS:-}" ]; then
  has_java || missing="$missing openjdk-17-jre-headless"
  has mvn || missing="$missing maven"
fi

# Without these some tests are skipped.
optional=
{ has haproxy || [ -x /usr/sbin/haproxy ]; } || optional="$optional haproxy"
has chromium || optional="$optional chromium"
if [ -n "$optional" ] && ! has apt-get; then
  echo "inlet: the tests that need$optional are skipped" >&2
  optional=
fi
missing="$missing$optional"

if [ -n "$missing" ]; then
  echo "inlet: the tests need$missing" >&2
  if ! has apt-get || ! as_root true 2>/dev/null; then
    echo "inlet: install that, or set REDIS_URL and KAFKA_BROKERS to servers that exist already" >&2
    exit 1
  fi
  # policy-rc.d keeps Debian from starting the servers that it installs: ours run in folders of their own.
  # shellcheck disable=SC2086 # one word for each package
  as_root env DEBIAN_FRONTEND=noninteractive JAVA_TOOL_OPTIONS=-XX:-UsePerfData sh -euc '
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
      trap "rm -f $policy" EXIT
      printf "#!/bin/sh\nexit 101\n" >$policy
      chmod 755 $policy
    fi
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "$@"' sh $missing >&2
fi

./scripts/bun.sh install --frozen-lockfile >&2
exec ./scripts/bun.sh scripts/with-servers.ts -- bun test "$@"
