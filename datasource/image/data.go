package image

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/packer-plugin-sdk/hcl2helper"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/zclconf/go-cty/cty"
)

// TypeName is what templates call the data source.
const TypeName = "goldenami-image"

// patience bounds a look-up with all its retries: Packer gives a data source no
// context, and waits for it.
const patience = 5 * time.Minute

// Datasource is goldenami-image.
type Datasource struct {
	config Config
}

var _ packersdk.Datasource = (*Datasource)(nil)

// ConfigSpec tells Packer the options.
func (d *Datasource) ConfigSpec() hcldec.ObjectSpec { return d.config.FlatMapstructure().HCL2Spec() }

// OutputSpec tells Packer the values, so that it can check their use before it has
// them.
func (d *Datasource) OutputSpec() hcldec.ObjectSpec {
	return new(DatasourceOutput).FlatMapstructure().HCL2Spec()
}

// Configure reads and checks the options, without a network call.
func (d *Datasource) Configure(raws ...any) error { return d.config.prepare(raws...) }

// Execute looks the image up.
func (d *Datasource) Execute() (value cty.Value, err error) {
	none := cty.NullVal(cty.EmptyObject)
	defer func() {
		if r := recover(); r != nil {
			value, err = none, fmt.Errorf("%s: internal error, please report it: %v\n%s", TypeName, r, debug.Stack())
		}
	}()
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	clients, err := d.config.Clients(ctx)
	if err != nil {
		return none, fmt.Errorf("%s: %w", TypeName, err)
	}
	output, err := d.config.find(ctx, clients.EC2(""), clients.Region(), time.Now())
	if err != nil {
		return none, fmt.Errorf("%s: %w", TypeName, err)
	}
	return hcl2helper.HCL2ValueFromConfig(output, d.OutputSpec()), nil
}
