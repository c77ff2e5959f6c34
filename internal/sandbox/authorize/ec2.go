package authorize

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// ec2Call collects the needs of one call of EC2.
type ec2Call struct {
	*action.Call
	// name is the action, form its parameters.
	name  string
	form  url.Values
	mine  *world.Region
	needs []Need
	// made are the kinds of resources that the call makes, which it may tag.
	made []string
}

// ec2Actions are the actions whose resources do not follow from the names of their
// parameters: those that make something, and those with condition keys of their
// own (Service Authorization Reference, "Actions, resources, and condition keys
// for Amazon EC2").
var ec2Actions = map[string]func(e *ec2Call){
	"CopyImage":                 (*ec2Call).copyImage,
	"CopySnapshot":              (*ec2Call).copySnapshot,
	"CreateFleet":               (*ec2Call).createFleet,
	"CreateImage":               (*ec2Call).createImage,
	"CreateImageUsageReport":    func(e *ec2Call) { e.makes("image-usage-report"); e.named() },
	"CreateKeyPair":             (*ec2Call).createKeyPair,
	"CreateLaunchTemplate":      func(e *ec2Call) { e.makes("launch-template") },
	"CreateSecurityGroup":       (*ec2Call).createSecurityGroup,
	"CreateSnapshot":            (*ec2Call).createSnapshot,
	"CreateTags":                (*ec2Call).changeTags,
	"CreateVolume":              (*ec2Call).createVolume,
	"DeleteTags":                (*ec2Call).changeTags,
	"ImportKeyPair":             (*ec2Call).createKeyPair,
	"ModifyImageAttribute":      (*ec2Call).modifyImageAttribute,
	"ModifySnapshotAttribute":   (*ec2Call).modifySnapshotAttribute,
	"RegisterImage":             (*ec2Call).registerImage,
	"RunInstances":              (*ec2Call).runInstances,
	"DescribeImageAttribute":    (*ec2Call).named,
	"DescribeInstanceAttribute": (*ec2Call).named,
	"DescribeSnapshotAttribute": (*ec2Call).named,
	"GetConsoleOutput":          (*ec2Call).named,
	"GetPasswordData":           (*ec2Call).named,
}

// ec2Needs are the needs of a call: what the table says, else nothing but the
// action for what reads, else the resources that the parameters name. A resource
// that is tagged as it is made needs ec2:CreateTags too.
func ec2Needs(c *action.Call) []Need { return ec2NeedsOf(c, c.Action, c.Form) }

// Also is the refusal of another action of EC2, with its parameters, that a call
// makes for its caller: CreateFleet launches, DeregisterImage deletes snapshots. It
// is nil where the caller may. Call it inside [world.World.Do].
func Also(c *action.Call, name string, form url.Values) *wire.Error {
	return Require(c, ec2NeedsOf(c, name, form)...)
}

func ec2NeedsOf(c *action.Call, name string, form url.Values) []Need {
	e := &ec2Call{Call: c, name: name, form: form, mine: c.Mine()}
	switch rule := ec2Actions[name]; {
	case rule != nil:
		rule(e)
	case !strings.HasPrefix(name, "Describe") && !strings.HasPrefix(name, "Get") && !strings.HasPrefix(name, "List"):
		e.named()
	}
	if len(e.needs) == 0 {
		e.needs = []Need{need("ec2:"+name, anything)}
	}
	for _, kind := range slices.Compact(slices.Sorted(slices.Values(e.made))) {
		if len(e.tagsFor(kind)) > 0 {
			n := e.newOne("ec2:CreateTags", kind)
			n.Context.Set("ec2:CreateAction", name)
			e.needs = append(e.needs, n)
		}
	}
	for i := range e.needs {
		e.needs[i].Context.Set("ec2:Region", c.Region)
	}
	return e.needs
}

// parameters are those that name a resource, by the resource's kind.
var parameters = []struct{ name, kind string }{
	{"ImageId", "image"},
	{"InstanceId", "instance"},
	{"SnapshotId", "snapshot"},
	{"VolumeId", "volume"},
	{"GroupId", "security-group"},
	{"GroupName", "security-group"},
	{"SubnetId", "subnet"},
	{"VpcId", "vpc"},
	{"KeyName", "key-pair"},
	{"KeyPairId", "key-pair"},
	{"LaunchTemplateId", "launch-template"},
	{"LaunchTemplateName", "launch-template"},
	{"FleetId", "fleet"},
	{"NetworkInterfaceId", "network-interface"},
	{"SpotInstanceRequestId", "spot-instances-request"},
	{"ReportId", "image-usage-report"},
	{"LaunchTemplate.LaunchTemplateId", "launch-template"},
	{"LaunchTemplate.LaunchTemplateName", "launch-template"},
}

// named needs the action on every resource that the parameters name.
func (e *ec2Call) named() {
	for _, p := range parameters {
		for _, id := range e.list(p.name) {
			e.on(p.kind, id)
		}
	}
}

// on needs the action on a resource that exists, in the Region of the call.
func (e *ec2Call) on(kind, id string) *Need { return e.onIn(e.Region, kind, id) }

func (e *ec2Call) onIn(region, kind, id string) *Need {
	n := Need{Action: "ec2:" + e.name}
	e.describe(&n, region, kind, id)
	e.needs = append(e.needs, n)
	return &e.needs[len(e.needs)-1]
}

// makes needs the action on a resource that does not exist yet, whose id is *.
func (e *ec2Call) makes(kind string) *Need {
	e.needs = append(e.needs, e.newOne("ec2:"+e.name, kind))
	e.made = append(e.made, kind)
	return &e.needs[len(e.needs)-1]
}

func (e *ec2Call) newOne(name, kind string) Need {
	n := Need{Action: name, Resource: e.arn(e.Region, e.Account, kind, "*")}
	e.setRequestTags(&n, e.tagsFor(kind))
	return n
}

// arn is the ARN of a resource of EC2: images and snapshots have no account.
func (e *ec2Call) arn(region, account, kind, id string) string {
	if kind == "image" || kind == "snapshot" {
		account = ""
	}
	return "arn:aws:ec2:" + region + ":" + account + ":" + kind + "/" + id
}

func (e *ec2Call) setRequestTags(n *Need, tags map[string]string) {
	keys := sortedKeys(tags)
	n.Context.Set("aws:TagKeys", keys...)
	for _, k := range keys {
		n.Context.Set("aws:RequestTag/"+k, tags[k])
	}
}

// tagsFor are the tags that the call gives to new resources of a kind.
func (e *ec2Call) tagsFor(kind string) map[string]string {
	tags := map[string]string{}
	for _, at := range e.indexes("TagSpecification") {
		spec := "TagSpecification." + at
		if e.form.Get(spec+".ResourceType") == kind {
			e.readTags(spec+".Tag", tags)
		}
	}
	return tags
}

func (e *ec2Call) readTags(list string, into map[string]string) {
	for _, at := range e.indexes(list) {
		into[e.form.Get(list+"."+at+".Key")] = e.form.Get(list + "." + at + ".Value")
	}
}

// indexes are the numbers of a list's members in order, as the form has them.
func (e *ec2Call) indexes(list string) []string {
	seen := map[int]string{}
	for key := range e.form {
		if rest, below := strings.CutPrefix(key, list+"."); below {
			number, _, _ := strings.Cut(rest, ".")
			if n, err := strconv.Atoi(number); err == nil {
				seen[n] = number
			}
		}
	}
	all := make([]string, 0, len(seen))
	for _, n := range slices.Sorted(maps.Keys(seen)) {
		all = append(all, seen[n])
	}
	return all
}

// list are the values of a parameter that is one or a list.
func (e *ec2Call) list(name string) []string {
	if e.form.Get(name) != "" {
		return []string{e.form.Get(name)}
	}
	var all []string
	for _, at := range e.indexes(name) {
		if v := e.form.Get(name + "." + at); v != "" {
			all = append(all, v)
		}
	}
	return all
}
