package ssm

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}

var parameterName = regexp.MustCompile(`^[A-Za-z0-9_./-]+$`)

// mostLevels is how deep a hierarchy of parameters may be.
const mostLevels = 15

// checkNewName is what SSM asks of the name of a new parameter. One text stands for
// several mistakes, as on SSM.
func checkNewName(name string) error {
	bare := strings.ToLower(strings.TrimPrefix(name, "/"))
	switch {
	case name == "":
		return invalid("1 validation error detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case strings.HasPrefix(bare, "aws"):
		return wire.Errorf("AccessDeniedException", "No access to reserved parameter name: %s.", name)
	case strings.HasPrefix(bare, "ssm") || !parameterName.MatchString(name) || strings.HasSuffix(name, "/") || strings.Contains(name, "//"):
		return invalid("Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_")
	case len(name) > 1011:
		return invalid("1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: Member must have length less than or equal to 1011", name) // unverified: text
	case strings.Contains(name, "/") && !strings.HasPrefix(name, "/"):
		return invalid("Parameter name must be a fully qualified name.")
	case strings.Count(strings.TrimPrefix(name, "/"), "/") >= mostLevels:
		return wire.Errorf("HierarchyLevelLimitExceededException", "The parameter hierarchy has more than %d levels.", mostLevels) // unverified: text
	}
	return nil
}

// parameterARN is the ARN of an own parameter.
func parameterARN(c *action.Call, name string) string {
	return "arn:aws:ssm:" + c.Region + ":" + c.Account + ":parameter/" + strings.TrimPrefix(name, "/")
}

// bare is the name that a reference, a name or an ARN, begins with, and the
// version or label after it.
func bare(c *action.Call, ref string) (name, selector string, selected bool) {
	for _, prefix := range []string{"arn:aws:ssm:" + c.Region + ":" + c.Account + ":parameter", "arn:aws:ssm:" + c.Region + "::parameter"} {
		if rest, ok := strings.CutPrefix(ref, prefix); ok {
			name, selector, selected = strings.Cut(rest, ":")
			if plain := strings.TrimPrefix(name, "/"); c.Mine().Parameters[plain] != nil {
				name = plain
			}
			return name, selector, selected
		}
	}
	return strings.Cut(ref, ":")
}

// own finds an own parameter by name or ARN.
func own(c *action.Call, ref string) (*world.Parameter, error) {
	name, _, selected := bare(c, ref)
	if p := c.Mine().Parameters[name]; p != nil && !selected {
		return p, nil
	}
	return nil, wire.Errorf("ParameterNotFound", "")
}

func errNoVersion(version int64, name string) error {
	return wire.Errorf("ParameterVersionNotFound", "Systems Manager could not find version %d of %s. Verify the version and try again.", version, name)
}

// paged are the inputs that SSM's lists have in common.
type paged struct {
	MaxResults *int
	NextToken  string
}

// cut gives a page of a list in order of key and the token of the next one. The
// token names the last member of the page before.
func cut[T any](list []T, in paged, most int, key func(T) string) ([]T, string, error) {
	size := most
	if in.MaxResults != nil {
		size = *in.MaxResults
	}
	if size < 1 || size > most {
		bound := "less than or equal to " + strconv.Itoa(most)
		if size < 1 {
			bound = "greater than or equal to 1"
		}
		return nil, "", invalid("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value %s", size, bound)
	}
	from := 0
	if in.NextToken != "" {
		after, ok := strings.CutPrefix(in.NextToken, tokenStart)
		if !ok {
			return nil, "", wire.Errorf("InvalidNextToken", "The following token is invalid: %s.", in.NextToken).Capital()
		}
		for from < len(list) && key(list[from]) <= after {
			from++
		}
	}
	end := min(from+size, len(list))
	part := append(make([]T, 0, end-from), list[from:end]...) // never null in JSON
	if end == len(list) {
		return part, "", nil
	}
	return part, tokenStart + key(list[end-1]), nil
}

// tokenStart tells a token from what somebody made up.
const tokenStart = "after "
