package ec2

import "net/url"

// parameters are those of the RunInstances that the pool stands for, by which it
// is decided whether the caller may launch from it.
func (p fleetPool) parameters(lifecycle string) url.Values {
	form := url.Values{}
	for name, value := range map[string]string{
		"LaunchTemplate.LaunchTemplateId": p.config.Template.ID, "LaunchTemplate.LaunchTemplateName": p.config.Template.Name,
		"LaunchTemplate.Version": p.config.Template.Version, "InstanceType": p.override.Type, "SubnetId": p.override.SubnetID,
		"ImageId": p.override.ImageID, "Placement.AvailabilityZone": p.override.Zone,
	} {
		if value != "" {
			form.Set(name, value)
		}
	}
	if lifecycle == "spot" {
		form.Set("InstanceMarketOptions.MarketType", "spot")
	}
	return form
}
