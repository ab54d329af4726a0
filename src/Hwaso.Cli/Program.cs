using Hwaso.Cli;
using Hwaso.Cli.Output;
using Hwaso.Cli.Verbs;

// Programs read a server's log, a JSON object a line.
var work = args is not ["serve", ..] ? "finishing the current step"
    : Console.IsErrorRedirected ? null : "answering the requests that were accepted";
using var interrupt = new Interrupt(Console.Error, work);
return new App(Terminal.OfProcess(), VerbList.All).Run(args, interrupt.Token);
