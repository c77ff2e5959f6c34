package stage

import (
	"errors"
	"fmt"

	"gopkg.in/yaml.v3"
)

// checkCloudConfig finds what cloud-init would drop as a whole.
func checkCloudConfig(text []byte) error {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("#cloud-config: %w", err)
	}
	if len(document.Content) > 0 && document.Content[0].Kind != yaml.MappingNode {
		return errors.New("#cloud-config: it must be a mapping, such as packages: [git]")
	}
	return nil
}
