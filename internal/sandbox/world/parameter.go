package world

// ParameterDetails are what a version of a [Parameter] was put with, and by whom.
type ParameterDetails struct {
	Type, DataType, Description string
	Tier, KeyID, AllowedPattern string
	User                        string
}
