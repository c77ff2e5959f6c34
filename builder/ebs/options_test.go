package ebs

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2/hcldec"
	peer "github.com/hashicorp/packer-plugin-amazon/builder/ebs"
	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/communicator"
)

// ofPacker are the options that Packer itself sets or that every builder shares.
func ofPacker() map[string]hcldec.Spec {
	out := (*communicator.FlatConfig)(nil).HCL2Spec()
	packer := reflect.TypeFor[common.PackerConfig]()
	for i := range packer.NumField() {
		out[packer.Field(i).Tag.Get("mapstructure")] = &hcldec.AttrSpec{}
	}
	return out
}

func ofAmazonEBS() map[string]hcldec.Spec { return new(peer.Config).FlatMapstructure().HCL2Spec() }

// TestEveryOptionOfAmazonEBSIsThere walks the options of amazon-ebs, and those inside
// its blocks, and compares names, kinds and types.
func TestEveryOptionOfAmazonEBSIsThere(t *testing.T) {
	t.Parallel()
	compare(t, "", ofAmazonEBS(), new(Config).FlatMapstructure().HCL2Spec())
}

func compare(t *testing.T, path string, theirs, ours map[string]hcldec.Spec) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		at := path + name
		own, ok := ours[name]
		if !ok {
			t.Errorf("%s is missing", at)
			continue
		}
		switch want := theirs[name].(type) {
		case *hcldec.AttrSpec:
			got, ok := own.(*hcldec.AttrSpec)
			if !ok || !got.Type.Equals(want.Type) {
				t.Errorf("%s is not of type %s but %#v", at, want.Type.FriendlyName(), own)
			}
		case *hcldec.BlockSpec:
			got, ok := own.(*hcldec.BlockSpec)
			if !ok {
				t.Errorf("%s is not a block but %#v", at, own)
				continue
			}
			compareBlocks(t, at+".", want.Nested, got.Nested)
		case *hcldec.BlockListSpec:
			got, ok := own.(*hcldec.BlockListSpec)
			if !ok {
				t.Errorf("%s is not a list of blocks but %#v", at, own)
				continue
			}
			compareBlocks(t, at+".", want.Nested, got.Nested)
		default:
			t.Errorf("%s: the test knows no %T", at, want)
		}
	}
}

func compareBlocks(t *testing.T, path string, theirs, ours hcldec.Spec) {
	t.Helper()
	want, ok := theirs.(hcldec.ObjectSpec)
	got, also := ours.(hcldec.ObjectSpec)
	if !ok || !also {
		t.Errorf("%s: blocks of kind %T and %T", path, theirs, ours)
		return
	}
	compare(t, path, want, got)
}
