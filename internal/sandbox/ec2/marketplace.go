package ec2

import (
	"net/http"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// subscribed refuses a launch of a Marketplace product by an account that has not
// subscribed to it. Product codes stay with an image that was made of the product.
func subscribed(c *action.Call, image *world.Image) error {
	for _, code := range image.ProductCodes {
		if !c.World.Account(c.Account).Subscriptions[code] {
			return wire.Errorf("OptInRequired",
				"In order to use this AWS Marketplace product you need to accept terms and subscribe. To do so please visit https://aws.amazon.com/marketplace/pp?sku=%s", code).
				WithStatus(http.StatusUnauthorized)
		}
	}
	return nil
}
