package behaviour

const noImage = "The image id '[{image}]' does not exist"

// visibility is about what was just made, or is about to be gone.
func visibility() []Behaviour {
	return []Behaviour{
		{25, "An image is not visible yet, or its id is no id", Captured, []Answer{
			{400, "InvalidAMIID.NotFound", noImage},
			{400, "InvalidAMIID.Malformed", `Invalid id: "{image}"`},
		}},
		{26, "An image that is not shared with the caller, or is deregistered, is left out without a word", Captured, nil},
		{27, "A visible image is unknown again for a while", Logged, []Answer{{400, "InvalidAMIID.NotFound", noImage}}},
		{28, "An instance is not visible yet", Logged, []Answer{
			{400, "InvalidInstanceID.NotFound", "The instance ID '{instance}' does not exist"},
		}},
		{29, "A snapshot is not visible yet or gone, with two codes", Captured, []Answer{
			{400, "InvalidSnapshot.NotFound", "The snapshot '{snapshot}' does not exist."},
			{400, "InvalidSnapshotID.NotFound", "The snapshot ID '{snapshot}' does not exist"},
		}},
		{30, "Tags and block device mappings come into sight later than the image", Logged, nil},
		{31, "A new instance profile is not known to EC2 yet", Captured, []Answer{
			{400, "InvalidParameterValue", "Value ({profile}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"},
		}},
	}
}

// copies is about copies and keys.
func copies() []Behaviour {
	return []Behaviour{
		{32, "A copy of a snapshot that was just accepted knows neither its size nor its encryption", Captured, nil},
		{33, "A copy of a snapshot is accepted and fails later", Captured, nil},
		{34, "A key that cannot be used is refused at once", Captured, []Answer{
			{400, "InvalidParameterValue", "The specified keyId {key} is disabled"},
			{400, "InvalidParameterValue", "The specified keyId {key} is invalid"},
		}},
		{35, "An image that fails says why in its StateReason", Read, nil},
		{36, "A copy may take hours; a time-based one takes 15 minutes to 48 hours in steps of 15", Captured, []Answer{
			{400, "InvalidParameterValue", "Value ({minutes}) for parameter SnapshotCopyCompletionDurationMinutes is invalid. The value must be between 15 and 2880 in increments of 15."},
		}},
	}
}

// rules are what EC2 refuses because of a state or a limit.
func rules() []Behaviour {
	return []Behaviour{
		{41, "Limits of what may be in progress", Logged, []Answer{
			{400, "ResourceLimitExceeded", "Too many snapshot copies in progress. The limit is 20 for this destination region."},
		}},
		{42, "A resource in the wrong state", Read, []Answer{
			{400, "IncorrectInstanceState", "The instance '{instance}' is not in a state from which it can be started."},
			{400, "InvalidParameterValue", "Instance is not in state 'running' or 'stopped'"},
		}},
		{43, "A security group that an interface still uses", Unverified, []Answer{
			{400, "DependencyViolation", "resource {group} has a dependent object"},
		}},
		{44, "A snapshot that an image uses", Captured, []Answer{
			{400, "InvalidSnapshot.InUse", "The snapshot {snapshot} is currently in use by {image}"},
		}},
		{45, "An image that was deregistered before; snapshots that go with it one by one", Read, []Answer{
			{400, "InvalidAMIID.Unavailable", "The image ID '{image}' is no longer available"},
		}},
	}
}

// sharing is about permissions.
func sharing() []Behaviour {
	return []Behaviour{
		{46, "An image on a key that AWS manages cannot be shared", Logged, []Answer{
			{400, "InvalidParameter", "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot."},
		}},
		{47, "Nor can a snapshot on such a key", Logged, []Answer{
			{400, "OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared"},
		}},
		{48, "An image cannot be made public while that is blocked", Logged, []Answer{
			{400, "OperationNotPermitted", "You can’t publicly share this image because block public access for AMIs is enabled for this account. To publicly share the image, you must call the DisableImageBlockPublicAccess API."},
		}},
		{49, "One attribute in each call, and no senseless item", Captured, []Answer{
			{400, "InvalidParameterCombination", "Fields for multiple attribute types specified: description, imdsSupport"},
			{400, "InvalidParameterCombination", "No attributes specified."},
			{400, "InvalidAMIAttributeItemValue", `Invalid attribute item value "{account}" for userId item type.`},
		}},
		{50, "A copy of another account's image without its snapshots, or of one with product or billing codes", Logged, []Answer{
			{400, "InvalidRequest", "You do not have permission to access the storage of this ami"},
			{400, "InvalidRequest", "Images from AWS Marketplace cannot be copied to another AWS account"},
			{400, "InvalidRequest", "Images with EC2 BillingProduct codes cannot be copied to another AWS account"},
		}},
	}
}

// reading is about lists, and what Windows tells late.
func reading() []Behaviour {
	return []Behaviour{
		{51, "Pages have a least size, and no ids", Captured, []Answer{
			{400, "InvalidParameterValue", "Invalid value '1' for maxResults. Expecting a value greater than 5."},
			{400, "InvalidParameterCombination", "The parameter imageIdsSet cannot be used with the parameter maxResults"},
		}},
		{52, "The password of a Windows instance is empty for minutes", Read, nil},
	}
}
