#!/bin/sh
# Lays out the root file system of the container image: the binary, the libraries that it is linked
# with, and a user to run as. No shell, no package manager, nothing else.
# sh deploy/rootfs.sh <binary> <folder>
set -eu
binary=$1
root=$2

mkdir -p "$root/bin" "$root/data" "$root/etc" "$root/handlers" "$root/tmp"
cp "$binary" "$root/bin/inlet"
ldd "$binary" | sed -n 's/^[^/]*\(\/[^ ]*\) .*/\1/p' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
echo 'inlet:x:65532:65532::/data:/bin/false' >"$root/etc/passwd"
echo 'inlet:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
chmod 700 "$root/data"
if [ "$(id -u)" -eq 0 ]; then chown 65532:65532 "$root/data"; fi
