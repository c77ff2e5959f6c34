// Package action is how a service of the local endpoint describes what it can
// do: one value per action with its name, its input, its rule and its output, in
// a file of its own. It decodes the request into the input, runs the rule alone
// in the world, and encodes the output or the refusal in the service's protocol.
//
// It decides no rule of AWS. An action that is not registered is refused in the
// service's own words.
package action
