using Hwaso.Cli;
using Hwaso.Cli.Output;
using Hwaso.Cli.Verbs;

using var interrupt = new Interrupt(Console.Error);
return new App(Terminal.OfProcess(), VerbList.All).Run(args, interrupt.Token);
