# operation: database-identities
# reason: replication breaks between servers of one id, and a shared cookie lets any node command any other
# paths: /var/lib/mysql/auto.cnf, /var/lib/rabbitmq/.erlang.cookie; the servers make both again at their start

database_identities_each() { "$1" "$GA_ROOT"/var/lib/mysql/auto.cnf "$GA_ROOT"/var/lib/rabbitmq/.erlang.cookie; }

database_identities_seal() { database_identities_each destroy; }

database_identities_check() { database_identities_each left; }
