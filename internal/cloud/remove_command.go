package cloud

import "strings"

// removeCommands are those of the AWS CLI by kind, less the id.
var removeCommands = map[Kind]string{
	KindInstance:        "ec2 terminate-instances --instance-ids",
	KindImage:           "ec2 deregister-image --delete-associated-snapshots --image-id",
	KindSnapshot:        "ec2 delete-snapshot --snapshot-id",
	KindVolume:          "ec2 delete-volume --volume-id",
	KindKeyPair:         "ec2 delete-key-pair --key-pair-id",
	KindSecurityGroup:   "ec2 delete-security-group --group-id",
	KindLaunchTemplate:  "ec2 delete-launch-template --launch-template-id",
	KindRole:            "iam delete-role --role-name",
	KindInstanceProfile: "iam delete-instance-profile --instance-profile-name",
}

// RemoveCommand gives the command of the AWS CLI that takes the resource away.
func (r Resource) RemoveCommand() string {
	place := ""
	if r.Region != "" {
		place = " --region " + r.Region
	}
	first, second, _ := strings.Cut(r.ID, "/")
	switch r.Kind {
	case KindRolePolicy:
		return "aws iam delete-role-policy --role-name " + first + " --policy-name " + second
	case KindInstanceProfileRole:
		return "aws iam remove-role-from-instance-profile --instance-profile-name " + first + " --role-name " + second
	case KindKeyPair:
		if r.ID == "" {
			return "aws ec2 delete-key-pair --key-name " + r.Name + place
		}
	}
	command, known := removeCommands[r.Kind]
	if !known {
		return "by hand: " + r.String()
	}
	if strings.HasPrefix(command, "iam ") {
		place = ""
	}
	return "aws " + command + " " + r.ID + place
}
