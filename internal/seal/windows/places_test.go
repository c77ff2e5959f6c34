package windows

import (
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/powershell/grammar"
)

// TestEveryPlaceHasAnOperation: what AWS, Microsoft and the agents' makers name as a
// trace of one machine is a string of the operation that removes it.
func TestEveryPlaceHasAnOperation(t *testing.T) {
	t.Parallel()
	places := map[string][]string{
		"temp-files":       {"Prefetch"},
		"user-data":        {"EC2Launch*", `Amazon\EC2-Windows`, "UserScript.*"},
		"packer-leftovers": {"packer-ps-env-vars-*", "packer-elevated-shell-*", "script-*.ps1", "packer-*"},
		"histories":        {`AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine`, "*_history.txt", "PowerShell_transcript*", "OutputDirectory", "AutomaticDestinations"},
		"ssm-agent":        {"Vault", "InstanceData", "Logs", "AmazonSSMAgent"},
		"ssh-host-keys":    {"ssh_host_*"},
		"authorized-keys":  {"administrators_authorized_keys*", "authorized_keys*"},
		"build-key":        {"administrators_authorized_keys*", "authorized_keys*"},
		"logs":             {`ssh\logs`, `\inetpub\logs\LogFiles`, `\cfn\log`, `System32\LogFiles\Firewall`, "debug"},
		"autologon":        {"DefaultPassword", "AutoAdminLogon", "AutoLogonCount"},
		"credentials":      {`.aws\credentials`, ".netrc", `.docker\config.json`, ".git-credentials", `AppData\Local\Microsoft\Credentials`, `AppData\Local\AWSToolkit\RegisteredAccounts.json`, `Martin Prikryl\WinSCP 2\Sessions`, `\Environment`},
		"rdp-history":      {"Default", "Servers", `Documents\Default.rdp`},
		"rdp-certificate":  {`Cert:\LocalMachine\Remote Desktop`},
		"recycle-bin":      {`\$Recycle.Bin`},
		"update-cache":     {"wuauserv", "bits", `SoftwareDistribution\Download`, "DoSvc"},
		"unattend-files":   {`Panther\unattend.xml`, `Panther\Unattend`, `System32\Sysprep\unattend.xml`, `System32\Sysprep\Sysprep_succeeded.tag`, `\autounattend.xml`, "UnattendFile"},
		"launch-agent":     {`Amazon\EC2Launch\log`, `Amazon\EC2-Windows\Launch\Log`, `Amazon\Ec2Config\Logs`},
		"puppet":           {`PuppetLabs\puppet\etc\ssl`},
		"chef":             {`\chef`, `\cinc`, "client.pem", "validation.pem"},
		"salt":             {`\salt`, `Salt Project\Salt`, `conf\pki\minion`, `conf\minion_id`},
		"other-agents":     {"client.keys", "SMSCFG.ini", `Tailscale\server-state.conf`, "meta.json", `SplunkUniversalForwarder\etc\instance.cfg`, `docker\engine-id`},
		"metadata-routes":  {"169.254.169.*", `HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\PersistentRoutes`},
	}
	texts := make([]string, len(order))
	for i, name := range order {
		texts[i] = fragment("ops", name)
	}
	for i, tree := range grammar.Parse(t, texts...) {
		for _, place := range places[order[i]] {
			if !slices.Contains(tree.Strings, "'"+place+"'") {
				t.Errorf("%s does not know %s", order[i], place)
			}
		}
		delete(places, order[i])
	}
	if len(places) > 0 {
		t.Errorf("there are no operations for %v", places)
	}
}

// TestWhatLaunchesAnInstanceIsNeverCleaned: no operation names the configuration of a
// launch agent, its answer files or drivers.
func TestWhatLaunchesAnInstanceIsNeverCleaned(t *testing.T) {
	t.Parallel()
	texts := make([]string, len(order))
	for i, name := range order {
		texts[i] = fragment("ops", name)
	}
	for i, tree := range grammar.Parse(t, texts...) {
		for _, text := range tree.Strings {
			low := strings.ToLower(text)
			for _, never := range []string{`ec2launch\config`, `ec2launch\sysprep`, `ec2launch\state`, `launch\config`, `launch\sysprep`, `ec2configservice\settings`, "drivers", "driverstore"} {
				if strings.Contains(low, never) {
					t.Errorf("%s names %s", order[i], text)
				}
			}
		}
	}
}
