package control

import (
	"net/http"
	"time"
)

func (a *API) clockRoutes() []route {
	return []route{
		{http.MethodGet, "clock", "the endpoint's time", a.clock},
		{http.MethodPost, "clock", `let time pass on a virtual clock: {"advance": "90m"}`, a.advance},
	}
}

type clockAnswer struct {
	Now time.Time `json:"now"`
}

func (a *API) clock(*http.Request) (any, error) {
	return clockAnswer{Now: a.sources.World.Now()}, nil
}

func (a *API) advance(r *http.Request) (any, error) {
	var order struct {
		Advance string `json:"advance"`
	}
	if err := decode(r, &order); err != nil {
		return nil, err
	}
	span, err := time.ParseDuration(order.Advance)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "advance=%q: want a time such as 90m or 26h", order.Advance)
	}
	if err := a.sources.World.Advance(span); err != nil {
		return nil, refuse(http.StatusConflict, "advance=%q: %w", order.Advance, err)
	}
	return a.clock(r)
}
