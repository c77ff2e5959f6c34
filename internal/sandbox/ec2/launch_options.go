package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// checkOptions refuses options that name what the account does not have here,
// such as hosts and reservations, and values that EC2 does not know.
func (d *launchData) checkOptions() error {
	p, capacity := d.Placement, d.Capacity
	switch {
	case p.GroupName != "":
		return wire.Errorf("InvalidPlacementGroup.Unknown", "The Placement Group '%s' is unknown.", p.GroupName)
	case p.HostID != "":
		return wire.Errorf("InvalidHostID.NotFound", "The host ID '%s' does not exist", p.HostID) // unverified: text
	case p.HostResourceGroupARN != "":
		return wire.Errorf("InvalidParameterValue", "The host resource group '%s' does not exist", p.HostResourceGroupARN) // unverified: code and text
	case p.Affinity != "" && p.Affinity != "default":
		return wire.Errorf("InvalidParameterCombination", "Affinity requires tenancy host") // unverified: code and text
	case !among(p.Tenancy, "", "default", "dedicated"):
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for Tenancy.", p.Tenancy) // unverified: text
	case capacity.Target.ID != "":
		return wire.Errorf("InvalidCapacityReservationId.NotFound", "The capacity reservation ID '%s' does not exist", capacity.Target.ID) // unverified: text
	case capacity.Target.GroupARN != "":
		return wire.Errorf("InvalidParameterValue", "The resource group '%s' does not exist", capacity.Target.GroupARN) // unverified: code and text
	case !among(capacity.Preference, "", "open", "none"):
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for CapacityReservationPreference.", capacity.Preference) // unverified: text
	case !among(d.ShutdownBehavior, "", "stop", "terminate"):
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceInitiatedShutdownBehavior.", d.ShutdownBehavior) // unverified: text
	case !among(d.Credits.CPU, "", "standard", "unlimited"):
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for CpuCredits.", d.Credits.CPU) // unverified: text
	case d.Credits.CPU != "" && !instanceTypes[d.Type].burstable:
		return wire.Errorf("InstanceCreditSpecification.NotSupported", "The %s instance type does not support T2 Unlimited.", d.Type) // unverified: the text since other families have credits
	}
	return nil
}

func among(value string, values ...string) bool {
	for _, v := range values {
		if v == value {
			return true
		}
	}
	return false
}

// options takes over what the instance shows and later calls change.
func (p *launchPlan) options(i *world.Instance) {
	d := p.data
	i.Enclave, i.KeepAlive, i.KeepRunning = d.Enclave.Enabled, d.DisableAPIEnd, d.DisableAPIStop
	i.Credits = first(d.Credits.CPU, defaultCredits(d.Type))
	i.CapacityPreference = first(d.Capacity.Preference, "open")
	for _, l := range d.Licenses {
		i.Licenses = append(i.Licenses, l.ARN)
	}
	i.Ephemeral = ephemeral(p.image.Mappings, d.Mappings)
}

// ephemeral are the instance stores of image and request by device. Types without
// any have none to give, and the mapping goes into the images all the same.
func ephemeral(image []world.Mapping, request []blockDeviceMapping) map[string]string {
	stores := map[string]string{}
	for _, m := range image {
		if m.VirtualName != "" {
			stores[m.Device] = m.VirtualName
		}
	}
	for _, m := range request {
		switch {
		case m.NoDevice != nil || m.EBS != nil:
			delete(stores, m.Device)
		case m.VirtualName != "":
			stores[m.Device] = m.VirtualName
		}
	}
	return stores
}
