# operation: puppet
# reason: every instance would be one node to the Puppet server, with one key
# paths: below \ProgramData\PuppetLabs\puppet\etc\ssl, overwritten; the service puppet is stopped until the next boot

function puppet-keys { return (Join-Path $env:ProgramData 'PuppetLabs\puppet\etc\ssl') }

function seal-puppet {
	if (-not [IO.Directory]::Exists((puppet-keys))) { return }
	GaStop 'puppet'
	GaWipe (puppet-keys)
}

function check-puppet { GaSecretBelow (puppet-keys) }
