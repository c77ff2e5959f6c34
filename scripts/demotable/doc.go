// Command demotable prepares the demo and tells how it ended. It is an AWS client
// like any other and knows nothing of the local endpoint but its log of calls.
//
//	demotable keys -alias ALIAS -share ACCOUNT REGION...        make each Region's key, unless it is there
//	demotable table -template DIR -family NAME REGION...        print the family's images as EC2 describes them
//	demotable calls -log FILE                                   say what a run launched, made and copied
//
// It decides nothing about images: what it prints it has read back.
package main
