package wire

import "encoding/json"

// JSONError is the body of a refused call of KMS or SSM.
func JSONError(e *Error) []byte {
	body, err := json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{e.Code, e.Message})
	if err != nil {
		panic("wire: two strings always marshal: " + err.Error())
	}
	return body
}
