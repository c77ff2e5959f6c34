# operation: mail
# reason: cron and daemons mail the output of what ran during the build
# paths: /var/mail, /var/spool/mail, queues of Postfix, Exim, Sendmail and others, dead.letter in homes
#
# Mailboxes are emptied in place: useradd made them, with their owner and mode.

mail_each() {
	for dir in mail spool/mail; do
		# One is a link to the other, and which one depends on the distribution.
		[ -L "$GA_ROOT/var/$dir" ] || "$1" "$GA_ROOT/var/$dir" -type f ! -size 0
	done
	for dir in postfix/active postfix/bounce postfix/corrupt postfix/defer postfix/deferred postfix/hold postfix/incoming \
		postfix/maildrop exim/input exim/msglog exim4/input exim4/msglog mqueue clientmqueue nullmailer/queue nullmailer/failed; do
		"$2" "$GA_ROOT/var/spool/$dir"
	done
	mail_letter=$3
	each_home mail_home
}

mail_home() { "$mail_letter" "$1/dead.letter"; }

mail_seal() { mail_each blank clear_files drop; }

mail_check() { mail_each left_below left_files left; }
