package behaviour

// launches is about instances that do not come up, or go away.
func launches() []Behaviour {
	return []Behaviour{
		{37, "A launch is accepted and dies, with a reason", Read, nil},
		{38, "There is no capacity", Logged, []Answer{
			{500, "InsufficientInstanceCapacity", "We currently do not have sufficient {type} capacity in the Availability Zone you requested ({zone}). Our system will be working on provisioning additional capacity. You can currently get {type} capacity by not specifying an Availability Zone in your request or choosing {others}."},
		}},
		{39, "CreateFleet succeeds with errors inside", Read, nil},
		{40, "A Spot Instance is taken back", Read, nil},
	}
}
