package seal

// HookProgram lets tests run the shutdown's program against a planted root.
var HookProgram = hookProgram

// AtShutdown are the operations that it repeats.
var AtShutdown = atShutdown
