package ebs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	awscommon "github.com/hashicorp/packer-plugin-amazon/common"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// renderedLater are the options whose templates need what only the run knows, such
// as the source AMI.
var renderedLater = []string{
	"ami_description", "fleet_tags", "fleet_tag", "run_tags", "run_tag",
	"run_volume_tags", "run_volume_tag", "spot_tags", "spot_tag",
	"snapshot_tags", "snapshot_tag", "tags", "tag",
}

// problems collects everything that is wrong with the options, so that a user mends
// a template once and not error by error.
type problems struct {
	errs     []error
	warnings []string
}

func (p *problems) add(errs ...error) {
	for _, err := range errs {
		if err != nil {
			p.errs = append(p.errs, err)
		}
	}
}

func (p *problems) bad(format string, args ...any) { p.add(fmt.Errorf(format, args...)) }

func (p *problems) warn(text string) { p.warnings = append(p.warnings, text) }

// err gives what the SDK shows as a list, nil if there is nothing.
func (p *problems) err() error {
	if len(p.errs) == 0 {
		return nil
	}
	return packersdk.MultiErrorAppend(nil, p.errs...)
}

// prepare reads the options and checks all that can be checked without a call.
func (c *Config) prepare(raws ...any) ([]string, error) {
	// The SDK resets the whole Config when it decodes HCL, so the context that
	// holds the template functions lives outside until then.
	ctx := interpolate.Context{Funcs: awscommon.TemplateFuncs}
	err := config.Decode(c, &config.DecodeOpts{
		PluginType:         BuilderID,
		Interpolate:        true,
		InterpolateContext: &ctx,
		InterpolateFilter:  &interpolate.RenderFilter{Exclude: renderedLater},
	}, raws...)
	if err != nil {
		return nil, err
	}
	c.ctx = ctx
	if c.PackerForce && !c.layered() {
		c.AMIForceDeregister = true
	}

	var p problems
	p.add(c.VolumeRunTag.CopyOn(&c.VolumeRunTags)...)
	c.prepareAccess(&p)
	c.applyDefaults(given(raws))
	if c.Rollback != nil {
		c.prepareRollback(&p)
		return p.warnings, p.err()
	}
	c.prepareLayer(&p)
	c.prepareReuse(&p)
	c.prepareImage(&p)
	c.prepareSharing(&p)
	c.prepareKeys(&p)
	c.prepareRun(&p)
	c.prepareVerify(&p)
	c.prepareMetrics(&p)
	c.prepareFastLaunch(&p)
	c.prepareLineage(&p)
	c.preparePointers(&p)
	return p.warnings, p.err()
}

// prepareRun has amazon-ebs check the options of the instance, and adds what it
// lets through although EC2 or its own steps cannot take it.
func (c *Config) prepareRun(p *problems) {
	p.add(c.AMIMappings.Prepare(&c.ctx)...)
	p.add(c.LaunchMappings.Prepare(&c.ctx)...)

	noSource := c.SourceAmi == "" && c.SourceAmiFilter.Empty()
	if noSource && !c.needsSource() {
		c.SourceAmi = "ami-00000000"
		defer func() { c.SourceAmi = "" }()
	}
	target := c.CapacityReservationId != "" || c.CapacityReservationGroupArn != ""
	p.add(c.RunConfig.Prepare(&c.ctx)...)
	if c.Comm.Type == "none" && c.temporaryKeyIsDefault {
		c.Comm.SSHTemporaryKeyPairName = "" // nobody will log in, and cloud-init would bake it in
	}

	if c.IsSpotInstance() {
		if c.AMIENASupport.True() || c.AMISriovNetSupport {
			p.bad("ena_support, sriov_support: a Spot instance cannot be modified; take a source AMI that has it, or leave spot_price out")
		}
		if target {
			p.bad("capacity_reservation_id, capacity_reservation_group_arn: they do not apply to Spot instances; leave them or spot_price out")
		}
		if c.DisableStopInstance {
			p.warn("disable_stop_instance: a one-time Spot instance that shuts itself down is terminated; the image is taken while EC2 reboots it")
		}
	}
	if c.DisableStopInstance && !c.IsSpotInstance() && c.InstanceInitiatedShutdownBehavior == "terminate" {
		p.bad("shutdown_behavior: with disable_stop_instance the instance would end itself before an image is made of it; use \"stop\"")
	}
	if c.Comm.Type != "ssh" && c.Comm.Type != "winrm" && c.layered() && len(c.Stages) > 0 && !unknown(c.Comm.Type) {
		p.bad("stage: stages run over SSH or WinRM; set communicator = \"ssh\" or \"winrm\", or leave the stages to provisioners")
	}
	if c.BlockDurationMinutes != 0 {
		p.warn("block_duration_minutes: EC2 no longer offers Spot blocks to new accounts and may refuse the launch")
	}
	if c.Metadata.InstanceMetadataTags == "enabled" && c.Metadata.HttpEndpoint == "disabled" {
		p.bad("metadata_options: instance_metadata_tags needs http_endpoint = \"enabled\"")
	}
	if c.Comm.Type == "winrm" && c.Comm.WinRMPassword == "" && c.Comm.SSHTemporaryKeyPairType == "ed25519" {
		p.bad("temporary_key_pair_type: EC2 encrypts the password of a Windows instance with RSA keys only; use \"rsa\" or set winrm_password")
	}
	if c.SpotPriceAutoProduct != "" {
		p.warn("spot_price_auto_product is deprecated and has no effect any more: set spot_price = \"auto\"")
	}
	if c.EnableT2Unlimited {
		p.warn("enable_t2_unlimited is deprecated: use enable_unlimited_credits")
	}
}

// prepareAccess checks how AWS is reached. The AccessConfig of amazon-ebs would log
// into Vault here, in the middle of packer validate; we do it in Run.
func (c *Config) prepareAccess(p *problems) {
	if !c.VaultAWSEngine.Empty() && (c.AccessKey != "" || c.SecretKey != "") {
		p.bad("vault_aws_engine: it cannot be set together with access_key or secret_key; leave one out")
	}
	if (c.AccessKey == "") != (c.SecretKey == "") {
		p.bad("access_key and secret_key must be set together")
	}
	if c.ProfileName != "" && c.AccessKey != "" {
		p.bad("profile: it cannot be set together with access_key; leave one out")
	}
	if c.MaxRetries < 0 {
		p.bad("max_retries: %d is negative; leave it out for the default of 10", c.MaxRetries)
	}
	if c.MFACode != "" && !sixDigits.MatchString(c.MFACode) && !unknown(c.MFACode) {
		p.bad("mfa_code: it must be the six digits that the device shows now")
	}
	if c.RawRegion != "" {
		p.add(checkRegion("region", c.RawRegion))
	}
	if c.PollingConfig == nil {
		c.PollingConfig = new(awscommon.AWSPollingConfig)
	}
	if c.PollingConfig.DelaySeconds < 0 || c.PollingConfig.MaxAttempts < 0 {
		p.bad("aws_polling: delay_seconds and max_attempts cannot be negative")
	}
	if c.MaxRetries == 0 {
		c.MaxRetries = 10
	}
}

// unknown tells that Packer validates a template whose value is known only later: it
// renders this in place of it.
func unknown(s string) bool { return strings.Contains(s, "<unknown>") }

func checkRegion(option, region string) error {
	if unknown(region) || cloud.ValidRegion(region) {
		return nil
	}
	return fmt.Errorf("%s: %q is not the name of a Region, such as eu-west-1", option, region)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
