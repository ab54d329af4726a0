// Hwaso's side of eng/device/check, on a machine with a GPU and without .NET's SDK:
//   device-check smoke DEVICE            the door loads, an addition and a convolution's gradient are right
//   device-check check DEVICE GROUP      one group of checks, a line each; exit code 1 if one failed
//   device-check groups                  the names of the groups
//   device-check worker DEVICE           answers eng/device/compare.py, a line of JSON each
using Hwaso.DeviceCheck.Checks;
using Hwaso.DeviceCheck.SideBySide;
using Hwaso.Torch;

switch (args)
{
    case ["groups"]:
        Console.WriteLine(string.Join('\n', CheckGroups.Names));
        return 0;
    case ["smoke", var device]:
        return CheckGroups.Run("smoke", Device.Parse(device));
    case ["check", var device, var group]:
        return CheckGroups.Run(group, Device.Parse(device));
    case ["worker", var device]:
        return Worker.Serve(Device.Parse(device), Console.In, Console.Out);
    default:
        Console.Error.WriteLine("device-check smoke|worker DEVICE, check DEVICE GROUP, or groups");
        return 2;
}
