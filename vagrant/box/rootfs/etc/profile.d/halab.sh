# shellcheck shell=sh
# crm_mon, pcs, corosync-quorumtool and ip's neighbours live in sbin, and work without sudo.
PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
