// Package packed writes a struct as a short row of bytes without pointers and reads
// it back: a quarter of the memory of the struct, and nothing in it for the garbage
// collector to follow.
//
// It owns the form of a row and knows no resource. A [Plan] names the fields whose
// text repeats among rows: a row then holds its number in a list of [Words]. Fields
// that are zero take one bit. Every field that the plan does not name is written as
// it is, so that a field added to a struct needs no word here. The text of what is
// read shares the row's memory.
package packed
