package cloud

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// apply changes the fake's state and gives its answer.
func (f *fakeEC2) apply(action string, form url.Values) (int, string) {
	actions := map[string]func(url.Values) (string, string, string){
		"CreateKeyPair": f.createKeyPair, "DescribeKeyPairs": f.describeKeyPairs, "DeleteKeyPair": f.deleteKeyPair,
		"CreateSecurityGroup": f.createGroup, "DescribeSecurityGroups": f.describeGroups, "DeleteSecurityGroup": f.deleteGroup,
		"CreateImage": f.createImage, "RegisterImage": f.createImage, "DescribeImages": f.describeImages, "DeregisterImage": f.deregister,
		"RunInstances": f.runInstances, "DescribeInstances": f.describeInstances, "TerminateInstances": f.terminate,
		"CopySnapshot": f.copySnapshot, "DeleteSnapshot": f.deleteSnapshot, "CreateFleet": f.createFleet,
		"GetCallerIdentity": f.identity,
	}
	do, ok := actions[action]
	if !ok {
		return http.StatusBadRequest, refusal("InvalidAction", "The action "+action+" is not valid for this web service.")
	}
	inner, code, message := do(form)
	if code != "" {
		return http.StatusBadRequest, refusal(code, message)
	}
	if action == "GetCallerIdentity" {
		return http.StatusOK, inner
	}
	return http.StatusOK, answer(action, inner)
}

func (f *fakeEC2) identity(url.Values) (string, string, string) {
	return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/x</Arn><UserId>A</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>`, "", ""
}

func (f *fakeEC2) createKeyPair(form url.Values) (string, string, string) {
	name := form.Get("KeyName")
	if _, ok := f.keys[name]; ok {
		return "", "InvalidKeyPair.Duplicate", "The keypair '" + name + "' already exists."
	}
	k := fakeThing{id: f.id("key"), born: time.Now(), tags: tagsOf(form)}
	f.keys[name] = k
	return fmt.Sprintf("<keyName>%s</keyName><keyPairId>%s</keyPairId><keyMaterial>PRIVATE %s</keyMaterial>", name, k.id, k.id), "", ""
}

func (f *fakeEC2) describeKeyPairs(form url.Values) (string, string, string) {
	name := form.Get("KeyName.1")
	k, ok := f.keys[name]
	if !ok {
		return "", "InvalidKeyPair.NotFound", "The key pair '" + name + "' does not exist"
	}
	return fmt.Sprintf("<keySet><item><keyName>%s</keyName><keyPairId>%s</keyPairId><createTime>%s</createTime>%s</item></keySet>",
		name, k.id, k.born.UTC().Format(time.RFC3339), k.tags), "", ""
}

func (f *fakeEC2) deleteKeyPair(form url.Values) (string, string, string) {
	for name, k := range f.keys {
		if k.id == form.Get("KeyPairId") || name == form.Get("KeyName") {
			delete(f.keys, name)
		}
	}
	return "<return>true</return>", "", ""
}

func (f *fakeEC2) createGroup(form url.Values) (string, string, string) {
	name := form.Get("GroupName")
	if _, ok := f.groups[name]; ok {
		return "", "InvalidGroup.Duplicate", "The security group '" + name + "' already exists for VPC"
	}
	g := fakeThing{id: f.id("sg"), description: form.Get("GroupDescription"), tags: tagsOf(form)}
	f.groups[name] = g
	return "<return>true</return><groupId>" + g.id + "</groupId>", "", ""
}

func (f *fakeEC2) describeGroups(form url.Values) (string, string, string) {
	name := form.Get("Filter.1.Value.1")
	g, ok := f.groups[name]
	if form.Get("Filter.1.Name") != "group-name" || !ok {
		return "<securityGroupInfo/>", "", ""
	}
	ingress := ""
	if g.ingress {
		ingress = "<item><ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort></item>"
	}
	return fmt.Sprintf("<securityGroupInfo><item><groupId>%s</groupId><groupName>%s</groupName><groupDescription>%s</groupDescription><ipPermissions>%s</ipPermissions>%s</item></securityGroupInfo>",
		g.id, name, g.description, ingress, g.tags), "", ""
}

func (f *fakeEC2) deleteGroup(form url.Values) (string, string, string) {
	if f.busyGroup > 0 {
		f.busyGroup--
		return "", "DependencyViolation", "resource " + form.Get("GroupId") + " has a dependent object"
	}
	for name, g := range f.groups {
		if g.id == form.Get("GroupId") {
			delete(f.groups, name)
			return "<return>true</return>", "", ""
		}
	}
	return "", "InvalidGroup.NotFound", "The security group '" + form.Get("GroupId") + "' does not exist"
}

func (f *fakeEC2) createImage(form url.Values) (string, string, string) {
	name := form.Get("Name")
	if i, ok := f.images[name]; ok {
		return "", "InvalidAMIName.Duplicate", "AMI name " + name + " is already in use by AMI " + i.id
	}
	snap := f.id("snap")
	f.snapshots[snap] = true
	i := fakeThing{id: f.id("ami"), born: time.Now(), tags: tagsOf(form), snapshots: []string{snap}}
	f.images[name] = i
	return "<imageId>" + i.id + "</imageId>", "", ""
}

func (f *fakeEC2) describeImages(form url.Values) (string, string, string) {
	var b strings.Builder
	for name, i := range f.images {
		want := form.Get("Filter.1.Value.1")
		if (form.Get("Filter.1.Name") != "name" || want != name) && (form.Get("Filter.1.Name") != "image-id" || want != i.id) {
			continue
		}
		fmt.Fprintf(&b, "<item><imageId>%s</imageId><name>%s</name><imageState>available</imageState><creationDate>%s</creationDate>%s<blockDeviceMapping>",
			i.id, name, i.born.UTC().Format("2006-01-02T15:04:05.000Z"), i.tags)
		for _, s := range i.snapshots {
			fmt.Fprintf(&b, "<item><deviceName>/dev/xvda</deviceName><ebs><snapshotId>%s</snapshotId></ebs></item>", s)
		}
		b.WriteString("</blockDeviceMapping></item>")
	}
	return "<imagesSet>" + b.String() + "</imagesSet>", "", ""
}

func (f *fakeEC2) deregister(form url.Values) (string, string, string) {
	for name, i := range f.images {
		if i.id != form.Get("ImageId") {
			continue
		}
		if i.protected {
			return "", "OperationNotPermitted", "This image is protected"
		}
		delete(f.images, name)
		inner := "<return>true</return>"
		if form.Get("DeleteAssociatedSnapshots") == "true" {
			var results strings.Builder
			for n, s := range i.snapshots {
				code := "success"
				if n > 0 { // partial failure inside success
					code = "internal-error"
				} else {
					delete(f.snapshots, s)
				}
				fmt.Fprintf(&results, "<item><snapshotId>%s</snapshotId><returnCode>%s</returnCode></item>", s, code)
			}
			inner += "<deleteSnapshotResultSet>" + results.String() + "</deleteSnapshotResultSet>"
		}
		return inner, "", ""
	}
	return "", "InvalidAMIID.Unavailable", "The image ID '" + form.Get("ImageId") + "' is no longer available"
}

func (f *fakeEC2) runInstances(form url.Values) (string, string, string) {
	token := form.Get("ClientToken")
	id, ok := f.tokens[token]
	if token == "" || !ok {
		id = f.id("i")
		f.tokens[token] = id
		f.instances[id] = "running"
	}
	return "<ownerId>111122223333</ownerId><instancesSet><item><instanceId>" + id + "</instanceId></item></instancesSet>", "", ""
}

func (f *fakeEC2) createFleet(url.Values) (string, string, string) {
	id := f.id("i")
	f.instances[id] = "running"
	return "<fleetId>fleet-1</fleetId><errorSet><item><errorCode>InsufficientInstanceCapacity</errorCode></item></errorSet><fleetInstanceSet><item><instanceIds><item>" + id + "</item></instanceIds></item></fleetInstanceSet>", "", ""
}

// describeInstances lets a terminating instance end at the second look.
func (f *fakeEC2) describeInstances(form url.Values) (string, string, string) {
	id := form.Get("Filter.1.Value.1")
	state, ok := f.instances[id]
	if !ok {
		return "<reservationSet/>", "", ""
	}
	if state == "shutting-down" {
		f.instances[id] = "terminated"
	}
	return fmt.Sprintf("<reservationSet><item><instancesSet><item><instanceId>%s</instanceId><instanceState><name>%s</name></instanceState></item></instancesSet></item></reservationSet>", id, state), "", ""
}

func (f *fakeEC2) terminate(form url.Values) (string, string, string) {
	id := form.Get("InstanceId.1")
	if _, ok := f.instances[id]; !ok {
		return "", "InvalidInstanceID.NotFound", "The instance ID '" + id + "' does not exist"
	}
	f.instances[id] = "shutting-down"
	return "<instancesSet><item><instanceId>" + id + "</instanceId></item></instancesSet>", "", ""
}

func (f *fakeEC2) copySnapshot(url.Values) (string, string, string) {
	id := f.id("snap")
	f.snapshots[id] = true
	return "<snapshotId>" + id + "</snapshotId>", "", ""
}

func (f *fakeEC2) deleteSnapshot(form url.Values) (string, string, string) {
	id := form.Get("SnapshotId")
	if !f.snapshots[id] {
		return "", "InvalidSnapshot.NotFound", "The snapshot '" + id + "' does not exist."
	}
	delete(f.snapshots, id)
	return "<return>true</return>", "", ""
}
