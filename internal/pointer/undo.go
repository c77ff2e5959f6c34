package pointer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// Undo takes changes back, the last one first. A pointer that somebody moved since
// stays where it is now. It can be repeated.
func (m *Mover) Undo(ctx context.Context, moved []Moved) error {
	var errs []error
	for _, change := range slices.Backward(moved) {
		undo := m.undoParameter
		if change.TemplateID != "" {
			undo = m.undoTemplate
		}
		if err := undo(ctx, change); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", change.Region, err))
		}
	}
	return errors.Join(errs...)
}

func (m *Mover) undoTemplate(ctx context.Context, change Moved) error {
	api := m.Clients.EC2(change.Region)
	found, err := ByID(ctx, api, change.TemplateID)
	if err != nil || found == nil {
		return err
	}
	if change.Made {
		return deleteMade(ctx, api, found)
	}
	if change.Before != change.After && found.Default == change.After {
		if err := SetDefault(ctx, api, found.ID, change.Before); err != nil {
			return err
		}
		found.Default = change.Before
	}
	if change.Version == 0 || found.Default == change.Version {
		return nil
	}
	// Who launches the newest version, whatever the default is, must not get it.
	_, err = api.DeleteLaunchTemplateVersions(ctx, &ec2.DeleteLaunchTemplateVersionsInput{
		LaunchTemplateId: &found.ID, Versions: []string{strconv.FormatInt(change.Version, 10)},
	})
	if err != nil {
		return fmt.Errorf("delete version %d of launch template %s: %w", change.Version, found.ID, err)
	}
	return nil
}

// deleteMade deletes a template as it was made; one that somebody works with stays.
func deleteMade(ctx context.Context, api templateWriter, found *Found) error {
	if found.Latest != 1 {
		return fmt.Errorf("launch template %s has got versions since it was made, so it is not deleted", found.ID)
	}
	if _, err := api.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: &found.ID}); err != nil && !cloud.IsNotFound(err) {
		return fmt.Errorf("delete launch template %s: %w", found.ID, err)
	}
	return nil
}

func (m *Mover) undoParameter(ctx context.Context, change Moved) error {
	api := m.Clients.SSM(change.Region)
	value, err := Read(ctx, api, change.Parameter)
	if err != nil || value == nil || value.Text != change.New {
		return err
	}
	if !change.Made {
		return (&Parameter{Name: change.Parameter}).Write(ctx, api, true, change.Old)
	}
	if _, err := api.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: &change.Parameter}); err != nil && !cloud.IsNotFound(err) {
		return fmt.Errorf("delete parameter %s: %w", change.Parameter, err)
	}
	return nil
}
