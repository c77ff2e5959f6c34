package control

import (
	"net/http"
	"regexp"
)

func (a *API) subscriptionRoutes() []route {
	return []route{{
		http.MethodPost, "subscriptions",
		`accept the terms of a Marketplace product, which AWS does on a web page: {"account": "123456789012", "product_code": "..."}`, a.subscribe,
	}}
}

type subscription struct {
	Account     string `json:"account"`
	ProductCode string `json:"product_code"`
}

var (
	accountForm = regexp.MustCompile(`^\d{12}$`)
	productForm = regexp.MustCompile(`^[a-z0-9]{1,64}$`)
)

func (a *API) subscribe(r *http.Request) (any, error) {
	var order subscription
	if err := decode(r, &order); err != nil {
		return nil, err
	}
	switch {
	case !accountForm.MatchString(order.Account):
		return nil, refuse(http.StatusBadRequest, "account=%q: an account id has twelve digits", order.Account)
	case !productForm.MatchString(order.ProductCode):
		return nil, refuse(http.StatusBadRequest, "product_code=%q: want what DescribeImages shows in productCodes", order.ProductCode)
	}
	a.sources.World.Do(func() { a.sources.World.Account(order.Account).Subscriptions[order.ProductCode] = true })
	return order, nil
}
