package wire

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"reflect"
	"time"
)

// EC2Namespace is the XML namespace of every EC2 answer of this API version.
const EC2Namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"

// Set is a list as EC2 writes it: an element that is there even when the list is
// empty, with one <item> per member. Tag the field `xml:"imagesSet"`.
type Set[T any] []T

// MarshalXML writes the wrapping element and an <item> per member.
func (s Set[T]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return members(e, start, "item", s)
}

// Members is the list of STS and IAM: like [Set] with <member>.
type Members[T any] []T

// MarshalXML writes the wrapping element and a <member> per member.
func (s Members[T]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return members(e, start, "member", s)
}

func members[T any](e *xml.Encoder, start xml.StartElement, name string, list []T) error {
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	for i := range list {
		if err := e.EncodeElement(list[i], xml.StartElement{Name: xml.Name{Local: name}}); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

// Time is a moment in EC2's spelling, with milliseconds and Z.
type Time time.Time

// MarshalText gives 2006-01-02T15:04:05.000Z.
func (t Time) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format("2006-01-02T15:04:05.000Z")), nil
}

// DateTime is a moment in the spelling of STS and IAM, to the second.
type DateTime time.Time

// MarshalText gives 2006-01-02T15:04:05Z.
func (t DateTime) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format("2006-01-02T15:04:05Z")), nil
}

// EC2Response is the body of a successful EC2 call.
func EC2Response(action, requestID string, output any) ([]byte, error) {
	inner, err := innerXML(output)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%s<%sResponse xmlns=%q>\n<requestId>%s</requestId>%s</%sResponse>",
		xml.Header, action, EC2Namespace, requestID, inner, action), nil
}

// EC2Error is the body of a refused EC2 call. The capital D of RequestID and the
// plural Errors are EC2's own; STS and IAM differ.
func EC2Error(e *Error, requestID string) []byte {
	return fmt.Appendf(nil, "%s<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>",
		xml.Header, escape(e.Code), escape(e.Message), requestID)
}

// QueryResponse is the body of a successful call of STS or IAM. A nil pointer is
// the output of an action that has no result element.
func QueryResponse(namespace, action, requestID string, output any) ([]byte, error) {
	if v := reflect.ValueOf(output); v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Appendf(nil, "<%sResponse xmlns=%q><ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>",
			action, namespace, requestID, action), nil
	}
	inner, err := innerXML(output)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "<%sResponse xmlns=%q><%sResult>%s</%sResult><ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>",
		action, namespace, action, inner, action, requestID, action), nil
}

// QueryError is the body of a refused call of STS or IAM, which tells whose fault
// it is.
func QueryError(namespace string, e *Error, requestID string) []byte {
	whose := "Sender"
	if e.Status >= 500 {
		whose = "Receiver"
	}
	return fmt.Appendf(nil, "<ErrorResponse xmlns=%q><Error><Type>%s</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>",
		namespace, whose, escape(e.Code), escape(e.Message), requestID)
}

// innerXML is the output's elements without a root of their own.
func innerXML(output any) ([]byte, error) {
	if output == nil {
		return nil, nil
	}
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	if err := enc.EncodeElement(output, xml.StartElement{Name: xml.Name{Local: "x"}}); err != nil {
		return nil, err
	}
	if err := enc.Close(); err != nil {
		return nil, err
	}
	inner := bytes.TrimPrefix(b.Bytes(), []byte("<x>"))
	return bytes.TrimSuffix(inner, []byte("</x>")), nil
}

func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a bytes.Buffer takes every write
	return b.String()
}
